"""Two guilds at once: each hears its own song, queues never mix, and one stopping leaves the other alone."""

import time

import tones
from listening import Listener
from stack import Stack

GUILDS = ("Lounge", "Garage")
SECONDS = 20


def say(stack, guild, text):
    return stack.sandbox("say", "--as", "alice", "--guild", guild, text)


def run(build, work, report, keep_audio):
    library = work / "library"
    library.mkdir()
    for number, guild in enumerate(GUILDS):
        tones.write(library / f"{guild}.opus", "ogg-opus", f"Song of {guild}", number, SECONDS)
        tones.write(library / f"{guild}-next.mp3", "mp3", f"Encore of {guild}", 2 + number, 4)
    with Stack(build, work / "state", durable=False, library=library) as stack:
        listeners = {}
        for guild in GUILDS:
            stack.sandbox("join", "--as", "alice", "--guild", guild, "Stage")
            listeners[guild] = Listener(stack, work, "bob", guild, seconds=SECONDS + 30, until_silent_ms=2500)
        for guild in GUILDS:
            say(stack, guild, f"/play query:Song of {guild}")
        for guild in GUILDS:
            say(stack, guild, f"/play query:Encore of {guild}")
        for guild, other in zip(GUILDS, reversed(GUILDS)):
            shown = text_of(say(stack, guild, "/queue"))
            report.check(f"Song of {guild}" in shown and f"Encore of {guild}" in shown and other not in shown,
                         f"the queue of {guild} holds its own two songs and nothing of {other}")
        time.sleep(6)
        say(stack, "Garage", "/stop")
        stopped_at = time.time()
        for listener in listeners.values():
            listener.wait()
        lounge, garage = (listeners[guild].audio() for guild in GUILDS)
        song = tones.examine(lounge, 0, SECONDS)
        report.check(song.markers == SECONDS and song.longest_hole_ms <= 40,
                     f"Lounge heard its whole song: {song.markers} of {SECONDS} markers, "
                     f"longest hole {song.longest_hole_ms:.0f} ms" + "".join(f"; {p}" for p in song.problems[:3]))
        start = int(song.start_s * tones.RATE)
        encore = tones.examine(lounge[start + SECONDS * tones.RATE:], 2, 4)
        report.check(encore.markers == 4, f"then its encore: {encore.markers} of 4 markers"
                     + "".join(f"; {p}" for p in encore.problems[:3]))
        whole_seconds = int((listeners["Garage"].summary["last_packet_us"]
                             - listeners["Garage"].summary["first_packet_us"]) / 1e6)
        cut = tones.examine(garage, 1, min(whole_seconds, SECONDS))
        report.check(0 < whole_seconds < SECONDS and cut.markers == whole_seconds,
                     f"Garage heard {cut.markers} markers of its own song, then silence after /stop"
                     + "".join(f"; {p}" for p in cut.problems[:3]))
        tail_s = listeners["Garage"].summary["last_packet_us"] / 1e6 - stopped_at
        report.check(tail_s < 1.0, f"/stop was heard {max(tail_s, 0) * 1000:.0f} ms after its answer")
        if keep_audio:
            keep_audio.write_bytes(listeners["Lounge"].wav.read_bytes())
        report.figures |= {"lounge_markers": song.markers, "encore_markers": encore.markers,
                           "garage_markers": cut.markers, "longest_hole_ms": song.longest_hole_ms}


def text_of(answer: dict) -> str:
    return answer["text"]
