"""Runs one scenario on a stack of its own: human lines on stderr, one JSON line on stdout.

Exit status 1 when the scenario falls short, 2 when the stack did not start.
"""

import argparse
import importlib
import json
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "scripts" / "lib")]

from stack import StackError  # noqa: E402: the path is set just above

SCENARIOS = {
    "first-song": ("first_song", "six file formats reach a listener whole, Opus bit-identical"),
    "two-guilds": ("two_guilds", "two guilds play at once, queues never mix, one stops and the other goes on"),
    "commands": ("commands", "every command and button, and the answers a person gets when something is wrong"),
    "traces": ("traces", "one /play is one OpenTelemetry trace, from the interaction to the first packet"),
    "second-listener": ("second_listener", "@discordjs/voice on Node hears what our services play"),
}


class Report:
    """Collects what fell short. A scenario passes when nothing did."""

    def __init__(self, scenario: str):
        self.figures: dict = {"scenario": scenario}
        self.shortfalls: list[str] = []

    def say(self, text: str):
        print(text, file=sys.stderr, flush=True)

    def check(self, holds: bool, what: str):
        self.say(f"  {'ok   ' if holds else 'SHORT'} {what}")
        if not holds:
            self.shortfalls.append(what)


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("name", nargs="?")
    options.add_argument("--list", action="store_true")
    options.add_argument("--build", type=pathlib.Path)
    options.add_argument("--keep-audio", type=pathlib.Path)
    chosen = options.parse_args()
    if chosen.list:
        for name, (_, what) in SCENARIOS.items():
            print(f"  {name:<15} {what}")
        return 0
    if chosen.name not in SCENARIOS:
        print(f"unknown scenario {chosen.name!r}; there are: {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    report = Report(chosen.name)
    work = pathlib.Path(tempfile.mkdtemp(prefix="bandstand-prove-"))
    work.chmod(0o755)  # PostgreSQL runs as a user of its own and must reach its folder
    try:
        importlib.import_module(f"scenarios.{SCENARIOS[chosen.name][0]}").run(chosen.build, work, report,
                                                                              chosen.keep_audio)
    except StackError as error:
        report.say(f"error: {error}\nlogs are kept in {work}")
        return 2
    passed = not report.shortfalls
    print(json.dumps(report.figures | {"passed": passed, "shortfalls": report.shortfalls}))
    if passed:
        shutil.rmtree(work, ignore_errors=True)
    else:
        report.say(f"logs are kept in {work}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
