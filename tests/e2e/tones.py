"""The test song, and what a listener must have heard of it.

Second k carries a marker tone of its own for 500 ms, left unlike right, then 500 ms of a sweep that runs up on the
left and down on the right through the whole song. The signal is never silent, so silence is a hole.
"""

import dataclasses
import pathlib
import subprocess
import wave

import numpy as np

RATE = 48000
SECONDS = 12
MARKER_S = 0.5
MARKER_LEVEL = 0.25  # -12 dBFS
SWEEP_LEVEL = 0.15
SWEEP_HZ = (300.0, 6000.0)


def marker_hz(second: int, songs_offset: int = 0) -> tuple[float, float]:
    """Left and right. `songs_offset` gives a second song other tones."""
    return 420.0 + 60.0 * second + 7.0 * songs_offset, 1500.0 + 90.0 * second + 11.0 * songs_offset


def song(songs_offset: int = 0, seconds: int = SECONDS) -> np.ndarray:
    """Float samples, shape (n, 2)."""
    t = np.arange(seconds * RATE) / RATE
    low, high = SWEEP_HZ
    ratio = np.log(high / low)
    up = np.sin(2 * np.pi * low * seconds / ratio * (np.exp(t / seconds * ratio) - 1))
    down = np.sin(2 * np.pi * high * seconds / ratio * (1 - np.exp(-t / seconds * ratio)))
    out = SWEEP_LEVEL * np.stack([up, down], axis=1)
    for second in range(seconds):
        first = second * RATE
        last = first + int(MARKER_S * RATE)
        left, right = marker_hz(second, songs_offset)
        window = t[first:last] - second
        out[first:last, 0] = MARKER_LEVEL * np.sin(2 * np.pi * left * window)
        out[first:last, 1] = MARKER_LEVEL * np.sin(2 * np.pi * right * window)
    return out


FORMATS = {
    "wav44": ("wav", ["-ar", "44100", "-c:a", "pcm_s16le"]),
    "mp3": ("mp3", ["-ar", "44100", "-c:a", "libmp3lame", "-b:a", "192k"]),
    "flac": ("flac", ["-ar", "44100", "-c:a", "flac", "-sample_fmt", "s16"]),
    "m4a": ("m4a", ["-ar", "44100", "-c:a", "aac", "-b:a", "192k"]),
    "ogg-opus": ("opus", ["-c:a", "libopus", "-b:a", "128k", "-vbr", "on"]),
    "webm-opus": ("webm", ["-c:a", "libopus", "-b:a", "96k"]),
}


def write(target: pathlib.Path, format_name: str, title: str, songs_offset: int = 0, seconds: int = SECONDS):
    raw = song(songs_offset, seconds).astype("<f4").tobytes()
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "f32le", "-ar", str(RATE), "-ac", "2", "-i", "-",
                    *FORMATS[format_name][1], "-metadata", f"title={title}", "-metadata", "artist=Test Tones",
                    str(target)], input=raw, check=True)


def file_name(format_name: str, stem: str) -> str:
    return f"{stem}.{FORMATS[format_name][0]}"


def read_wav(path: pathlib.Path) -> np.ndarray:
    with wave.open(str(path)) as heard:
        assert heard.getframerate() == RATE and heard.getnchannels() == 2 and heard.getsampwidth() == 2
        frames = np.frombuffer(heard.readframes(heard.getnframes()), "<i2")
    return frames.reshape(-1, 2).astype(np.float64) / 32768.0


@dataclasses.dataclass
class Heard:
    markers: int
    problems: list[str]
    longest_hole_ms: float
    level_error_db: float
    pitch_error_percent: float
    start_s: float


def dominant(samples: np.ndarray) -> tuple[float, float]:
    """Frequency (Hz) and amplitude of the strongest tone of a mono stretch."""
    windowed = samples * np.hanning(len(samples))
    size = 1 << 17
    spectrum = np.abs(np.fft.rfft(windowed, size))
    peak = int(np.argmax(spectrum[1:-1])) + 1
    a, b, c = np.log(spectrum[peak - 1:peak + 2] + 1e-12)
    shift = 0.5 * (a - c) / (a - 2 * b + c) if a - 2 * b + c else 0.0
    return (peak + shift) * RATE / size, spectrum[peak] * 4 / len(samples)


def loud(audio: np.ndarray, window_s: float = 0.005) -> np.ndarray:
    """For each window: does anything sound?"""
    step = int(window_s * RATE)
    windows = len(audio) // step
    energy = np.abs(audio[:windows * step]).reshape(windows, step, 2).max(axis=(1, 2))
    return energy > 0.01


def holes_ms(audio: np.ndarray) -> list[float]:
    """Silences between the first and the last sound, in ms."""
    heard = np.flatnonzero(loud(audio))
    return [float(gap - 1) * 5 for gap in np.diff(heard) if gap > 1] if len(heard) else []


def examine(audio: np.ndarray, songs_offset: int = 0, seconds: int = SECONDS, first_second: int = 0,
            level: float = 1.0) -> Heard:
    """Compares what was heard with the song from `first_second` on."""
    problems: list[str] = []
    sounding = np.flatnonzero(loud(audio))
    if not len(sounding):
        return Heard(0, ["nothing was heard"], 0.0, 0.0, 0.0, 0.0)
    start = int(sounding[0] * 0.005 * RATE)
    markers, worst_level, worst_pitch = 0, 0.0, 0.0
    for second in range(first_second, seconds):
        first = start + (second - first_second) * RATE + int(0.1 * RATE)
        part = audio[first:first + int(0.3 * RATE)]
        if len(part) < int(0.3 * RATE):
            problems.append(f"second {second}: the audio ended")
            break
        fine = True
        for channel, wanted in enumerate(marker_hz(second, songs_offset)):
            frequency, amplitude = dominant(part[:, channel])
            pitch = abs(frequency - wanted) / wanted * 100
            decibel = abs(20 * np.log10(max(amplitude, 1e-9) / (MARKER_LEVEL * level)))
            worst_level, worst_pitch = max(worst_level, decibel), max(worst_pitch, pitch)
            side = ("left", "right")[channel]
            if pitch > 0.3:
                problems.append(f"second {second} {side}: {frequency:.1f} Hz instead of {wanted:.1f} Hz")
                fine = False
            if decibel > 1.0:
                problems.append(f"second {second} {side}: level off by {decibel:.1f} dB")
                fine = False
        markers += fine
    holes = holes_ms(audio)
    longest = max(holes, default=0.0)
    if longest > 40:
        problems.append(f"a hole of {longest:.0f} ms")
    return Heard(markers, problems, longest, worst_level, worst_pitch, start / RATE)
