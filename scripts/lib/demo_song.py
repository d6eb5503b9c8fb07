"""Two short songs for a fresh music folder: plucked notes, made here, so that nothing has to be downloaded.

The first is the opening of Bach's Prelude in C major (BWV 846, public domain), the second a walking blues.
"""

import array
import math
import pathlib
import subprocess

RATE = 48000


def pluck(samples: array.array, start_s: float, frequency_hz: float, seconds: float, left: float, right: float):
    """Adds one decaying note with three overtones to interleaved stereo floats."""
    first = int(start_s * RATE)
    for i in range(int(seconds * RATE)):
        at = 2 * (first + i)
        if at + 1 >= len(samples):
            return
        t = i / RATE
        envelope = min(1.0, t / 0.004) * math.exp(-3.2 * t / seconds)
        phase = 2 * math.pi * frequency_hz * t
        value = 0.16 * envelope * (math.sin(phase) + 0.4 * math.sin(2 * phase) + 0.15 * math.sin(3 * phase))
        samples[at] += left * value
        samples[at + 1] += right * value


def hertz(midi_note: int) -> float:
    return 440.0 * 2 ** ((midi_note - 69) / 12)


def prelude() -> array.array:
    bars = [(60, 64, 67, 72, 76), (60, 62, 69, 74, 77), (59, 62, 67, 74, 77), (60, 64, 67, 72, 76),
            (60, 64, 69, 76, 81), (60, 62, 66, 69, 74), (59, 62, 67, 74, 79), (59, 60, 64, 67, 72)]
    step = 0.22
    samples = array.array("d", bytes(8 * 2 * int(RATE * (len(bars) * 16 * step + 1.5))))
    for bar, (bass, tenor, *treble) in enumerate(bars):
        pattern = [bass, tenor, *treble, *treble]
        for half in range(2):
            for place, note in enumerate(pattern):
                at = (bar * 16 + half * 8 + place) * step
                pan = (note - 55) / 30
                pluck(samples, at, hertz(note), 1.1 if place > 1 else 1.7, 1.0 - 0.5 * pan, 0.5 + 0.5 * pan)
    return samples


def blues() -> array.array:
    roots = [45, 45, 45, 45, 50, 50, 45, 45, 52, 50, 45, 52]
    step = 0.38
    samples = array.array("d", bytes(8 * 2 * int(RATE * (len(roots) * 4 * step + 1))))
    for bar, root in enumerate(roots):
        for beat, interval in enumerate((0, 4, 7, 9)):
            at = (bar * 4 + beat) * step
            pluck(samples, at, hertz(root + interval), 0.5, 1.0, 0.7)
            pluck(samples, at + step / 2, hertz(root + 24 + (interval + 3 * beat) % 12), 0.3, 0.4, 0.9)
    return samples


def encode(samples: array.array, target: pathlib.Path, title: str, artist: str):
    raw = array.array("f", samples).tobytes()
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "f32le", "-ar", str(RATE), "-ac", "2", "-i", "-",
                    "-c:a", "libopus", "-b:a", "96k", "-metadata", f"title={title}", "-metadata", f"artist={artist}",
                    str(target)], input=raw, check=True)


def ensure(folder: pathlib.Path):
    """Fills an absent folder; leaves an existing one alone."""
    if folder.exists():
        return
    folder.mkdir(parents=True)
    encode(prelude(), folder / "bach-prelude-in-c.opus", "Prelude in C major", "Johann Sebastian Bach")
    encode(blues(), folder / "walking-blues.opus", "Walking Blues", "The Sandbox Trio")
