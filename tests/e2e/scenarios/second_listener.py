"""A listener that others wrote: @discordjs/voice on Node decodes the song that our services play."""

import json
import math
import os
import pathlib
import subprocess
import sys

import tones
from stack import Stack, StackError

INTEROP = pathlib.Path(__file__).resolve().parents[2] / "interop"
sys.path.append(str(INTEROP))

import peers  # noqa: E402: the path is set just above

SKIPPED = 77  # CTest's SKIP_RETURN_CODE of this scenario


def run(build, work, report, keep_audio):
    try:
        node = peers.node()
    except peers.NoNpm as reason:
        report.say(f"skipped: {reason}")
        sys.exit(SKIPPED)
    library = work / "library"
    library.mkdir()
    tones.write(library / "tones.wav", "wav44", "Tones")
    with Stack(build, work / "state", durable=False, library=library) as stack:
        stack.sandbox("join", "--as", "alice", "--guild", "Lounge", "Stage")
        listener = start_listening(node, stack)
        try:
            stack.sandbox("say", "--as", "alice", "--guild", "Lounge", "/play query:Tones")
            out, err = listener.communicate(timeout=tones.SECONDS + 60)
        finally:
            listener.kill()
        if listener.returncode:
            raise StackError(f"the listener failed: {err.strip()}")
        speakers = json.loads(out.strip().splitlines()[-1])["speakers"]
        statuses = stack.stop()
        report.check(all(statuses[name] == 0 for name in ("gateway", "audio")), f"services stop cleanly: {statuses}")
    report.check(len(speakers) == 1, f"{len(speakers)} speaker heard")
    for speaker in speakers:
        examine(speaker, report)


def start_listening(node: pathlib.Path, stack: Stack) -> subprocess.Popen:
    command = [node, "listen.mjs", "--guild", "Lounge", "--seconds", str(tones.SECONDS + 40)]
    listener = subprocess.Popen(command, cwd=INTEROP, env=os.environ | peers.environment(stack.ready),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = listener.stdout.readline()
    if not first or json.loads(first).get("event") != "listening":
        raise StackError(f"the listener did not join: {listener.stderr.read()}")
    return listener


def examine(speaker: dict, report):
    problems, worst_pitch, worst_level = [], 0.0, 0.0
    for second, sides in enumerate(speaker["seconds"][:tones.SECONDS]):
        for name, wanted in zip(("left", "right"), tones.marker_hz(second)):
            pitch = abs(sides[name]["hz"] / wanted - 1) * 100
            level = abs(20 * math.log10(max(sides[name]["level"], 1e-9) / tones.MARKER_LEVEL))
            worst_pitch, worst_level = max(worst_pitch, pitch), max(worst_level, level)
            if pitch > 0.3 or level > 1.0:
                problems.append(f"second {second} {name}: {sides[name]['hz']:.1f} Hz, {level:.1f} dB off, "
                                f"instead of {wanted:.1f} Hz")
    heard = len(speaker["seconds"])
    report.check(heard == tones.SECONDS and not problems,
                 f"{heard} of {tones.SECONDS} seconds heard, their markers within {worst_pitch:.3f} % and "
                 f"{worst_level:.2f} dB" + "".join(f"; {problem}" for problem in problems[:4]))
    report.check(speaker["longest_hole_ms"] <= 40, f"longest hole {speaker['longest_hole_ms']} ms")
    report.check(speaker["undecodable"] == 0, f"{speaker['packets']} packets, all decodable")
    report.check(speaker["silence_frames"] >= 5, f"{speaker['silence_frames']} silence frames end it")
    report.figures |= {"seconds": heard, "packets": speaker["packets"], "level_error_db": round(worst_level, 3),
                       "pitch_error_percent": round(worst_pitch, 4), "longest_hole_ms": speaker["longest_hole_ms"]}
