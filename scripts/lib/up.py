"""Starts a Bandstand for a person to try, and stops it on Ctrl-C. The thin end of scripts/up."""

import argparse
import os
import pathlib
import signal
import sys
import threading
import time

import demo_song
from stack import ROOT, Stack, StackError, default_state_dir


def say(text: str = ""):
    print(text, file=sys.stderr, flush=True)


def introduce(stack: Stack, library: pathlib.Path):
    say()
    say("Bandstand is up. Ctrl-C stops it.")
    say(f"  music folder   {library}")
    say(f"  logs           {stack.logs}")
    for name, address in stack.ops.items():
        say(f"  {name:<14} http://{address}/healthz  /readyz  /metrics")
    if not stack.ready:
        say("It runs against the real Discord. Invite the bot, join a voice channel, and type /play.")
        return
    say("There is no DISCORD_TOKEN, so Discord is the sandbox on this desk. In a second terminal, try:")
    say()
    say("  ./scripts/sandbox join --as alice --guild Lounge Stage")
    say('  ./scripts/sandbox say --as alice --guild Lounge "/play query:bach"')
    say("  ./scripts/sandbox listen --as bob --guild Lounge Stage --seconds 10 --wav heard.wav")
    say("  ./scripts/sandbox press --as alice --guild Lounge skip")
    say("  ./scripts/sandbox --help")


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--build", required=True, type=pathlib.Path)
    build = options.parse_args().build

    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop.set())

    state = default_state_dir()
    state.mkdir(parents=True, exist_ok=True)
    if configured := os.environ.get("LIBRARY_DIR"):
        library = pathlib.Path(configured).resolve()
    else:
        library = state / "library"
        demo_song.ensure(library)
    real = any(os.environ.get(name) for name in ("DISCORD_TOKEN", "DISCORD_TOKENS", "DISCORD_TOKEN_FILE",
                                                 "DISCORD_TOKENS_FILE"))
    stack = Stack(ROOT / build, state, durable=True, sandbox=not real, library=library, fixed_ports=True)
    try:
        with stack:
            introduce(stack, library)
            while not stop.is_set():
                dead = [part for part in stack.parts if hasattr(part, "alive") and not part.alive()]
                if dead:
                    say(f"{dead[0].name} ended unexpectedly; {dead[0].log_path} ends:\n{dead[0].tail()}")
                    return 1
                time.sleep(0.2)
            say("stopping")
    except StackError as error:
        say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
