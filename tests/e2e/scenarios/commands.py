"""Each command and button as a member uses it: what is answered, and what is heard."""

import time

import numpy as np

import tones
from listening import Listener
from stack import Stack

SECONDS = 30


def run(build, work, report, keep_audio):
    library = work / "library"
    library.mkdir()
    tones.write(library / "first.opus", "ogg-opus", "First Song", 0, SECONDS)
    tones.write(library / "second.flac", "flac", "Second Song", 5, SECONDS)
    tones.write(work / "attached.mp3", "mp3", "Attached Song", 9, 6)
    with Stack(build, work / "state", durable=False, library=library) as stack:
        member = Member(stack, report)
        refusals(member)
        stack.sandbox("join", "--as", "alice", "--guild", "Lounge", "Stage")
        playing(member, work)
        buttons(member)
        attachment(member, work)
        report.figures["acknowledged_ms_max"] = round(max(member.acks), 2)
        report.figures["answers"] = len(member.acks)
        statuses = stack.stop()
        report.check(all(statuses[name] == 0 for name in ("gateway", "audio")), f"services stop cleanly: {statuses}")


class Member:
    """Alice in the Lounge, and what she expects to read."""

    def __init__(self, stack, report):
        self.stack = stack
        self.report = report
        self.acks = []

    def _expect(self, what: str, answer: dict, *words: str):
        self.acks.append(answer["ack_ms"])
        text = answer["text"]
        missing = [word for word in words if word.lower() not in text.lower()]
        self.report.check(not missing, f"{what}: {text.splitlines()[0] if text else '(no text)'}"
                          + (f" (without {missing})" if missing else ""))
        return answer

    def says(self, text: str, *words: str, more: tuple = ()) -> dict:
        answer = self.stack.sandbox("say", "--as", "alice", "--guild", "Lounge", *more, text)
        return self._expect(text, answer, *words)

    def presses(self, label: str, *words: str) -> dict:
        answer = self.stack.sandbox("press", "--as", "alice", "--guild", "Lounge", label)
        return self._expect(f"[{label}]", answer, *words)

    def hears(self, work, seconds: float) -> np.ndarray:
        return Listener(self.stack, work, "bob", "Lounge", seconds=seconds).wait().audio()


def seconds_heard(audio: np.ndarray, offset: int) -> tuple[list[int], float]:
    """Which markers of a song sound in a stretch that may begin anywhere, and how loud they are (1 = as written)."""
    found, levels = [], []
    window = int(0.2 * tones.RATE)
    for first in range(0, len(audio) - window, window // 4):
        frequency, amplitude = tones.dominant(audio[first:first + window, 0])
        for second in range(SECONDS):
            if abs(frequency - tones.marker_hz(second, offset)[0]) < 0.8 and amplitude > 0.01:
                levels.append(amplitude)
                if second not in found[-1:]:
                    found.append(second)
    loudest = float(np.median(sorted(levels)[-max(1, len(levels) // 2):])) if levels else 0.0
    return found, loudest / tones.MARKER_LEVEL


def refusals(member):
    member.says("/play query:First", "not in a voice channel")
    member.says("/skip", "nothing is playing")
    member.says("/help", "/play", "/volume")
    choices = member.says("/play query:fir", more=("--complete",))["choices"]
    member.report.check([choice["name"].startswith("First Song") for choice in choices] == [True],
                        f"autocomplete offers {[choice['name'] for choice in choices]}")


def playing(member, work):
    report = member.report
    member.says("/join", "coming to")
    member.says("/play query:no-such-song", "no song")
    member.says("/play url:http://127.0.0.1:1/song.mp3", "could not be reached")
    member.says("/play query:First Song", "now playing", "First Song", "[Pause]")
    member.says("/play query:Second Song", "added to the queue", "Second Song", "Place: 1")
    member.says("/queue", "First Song", "Second Song", "page 1 of 1")
    member.says("/nowplaying", "First Song", "0:30")
    found, level = seconds_heard(member.hears(work, 3), 0)
    report.check(len(found) >= 2 and found == sorted(found) and abs(level - 1) < 0.12,
                 f"the first song is heard: markers {found}, level {level:.2f}")

    member.says("/pause", "paused", "First Song")
    member.says("/pause", "paused already")
    silent = member.hears(work, 1.5)
    report.check(not tones.loud(silent).any(), "a paused song is silent")
    member.says("/resume", "First Song")
    member.says("/seek time:20", "0:20")
    found, _ = seconds_heard(member.hears(work, 2.5), 0)
    report.check(bool(found) and 20 <= found[0] <= 22, f"after /seek 20 the markers {found} are heard")
    member.says("/seek time:99:00", "not that long")
    member.says("/seek time:nonsense", "do not understand")
    member.says("/seek time:5", "0:05")
    member.says("/volume percent:50", "50 %")
    found, level = seconds_heard(member.hears(work, 2.5), 0)
    report.check(abs(level - 0.5) < 0.06, f"at volume 50 the level is {level:.2f}; markers {found}")
    member.says("/volume percent:100", "100 %")
    member.says("/skip", "skipped", "First Song")
    found, level = seconds_heard(member.hears(work, 2.5), 5)
    report.check(bool(found) and found[0] <= 2 and abs(level - 1) < 0.12,
                 f"after /skip the second song is heard: markers {found}, level {level:.2f}")


def buttons(member):
    member.says("/nowplaying", "Second Song", "[Pause]", "[Skip]", "[Stop]", "[Queue]")
    member.presses("pause", "paused", "[Resume]")
    member.presses("resume", "now playing", "[Pause]")
    member.presses("queue", "queue", "Second Song")
    member.presses("stop", "stopped")
    member.says("/nowplaying", "nothing is playing")


def attachment(member, work):
    listener = Listener(member.stack, work, "bob", "Lounge", seconds=25, until_silent_ms=1200)
    member.says("/play", "now playing", "Attached Song", more=("--attach", str(work / "attached.mp3")))
    listener.wait()
    heard = tones.examine(listener.audio(), 9, 6)
    member.report.check(heard.markers == 6, f"the attached file is heard whole: {heard.markers} of 6 markers"
                        + "".join(f"; {problem}" for problem in heard.problems[:3]))
    time.sleep(0.2)
    member.says("/leave", "")
