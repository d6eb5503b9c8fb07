"""A generated song in six formats: what the listener decodes is the song, and Opus arrives bit-identical."""

import shutil
import time

import numpy as np

import ogg
import tones
from listening import Listener, lateness_us, percentiles
from stack import Stack

QUICK_ROUNDS = 20


def run(build, work, report, keep_audio):
    library = work / "library"
    library.mkdir()
    for name in tones.FORMATS:
        tones.write(library / tones.file_name(name, f"tones-{name}"), name, f"Tones {name}")
    with Stack(build, work / "state", durable=False, library=library) as stack:
        acks, firsts, lateness, formats = [], [], [], {}
        stack.sandbox("join", "--as", "alice", "--guild", "Lounge", "Stage")
        for name in tones.FORMATS:
            formats[name] = one_format(stack, work, report, library, name, acks, firsts, lateness)
            if keep_audio:
                kept = keep_audio.with_name(f"{keep_audio.stem}-{name}{keep_audio.suffix or '.wav'}")
                shutil.copy(work / "Lounge-bob.wav", kept)
                report.say(f"  kept  {kept}")
        for number in range(QUICK_ROUNDS):
            quick_round(stack, work, list(tones.FORMATS)[number % len(tones.FORMATS)], acks, firsts)
        report.say("stopping the services")
        statuses = stack.stop()
        report.check(all(statuses[name] == 0 for name in ("gateway", "audio")), f"services stop cleanly: {statuses}")
    report.figures |= {
        "formats": formats,
        "plays": len(acks),
        "ack_ms": percentiles(acks, 50, 99),
        "play_to_first_frame_ms": percentiles(firsts, 50, 99),
        "lateness_ms": percentiles(np.concatenate(lateness) / 1000, 50, 99, 99.9),
        "holes": sum(entry["holes"] for entry in formats.values()),
        "longest_hole_ms": max(entry["longest_hole_ms"] for entry in formats.values()),
    }
    figures = report.figures
    report.say(f"acknowledged in {figures['ack_ms']} ms, /play to first frame {figures['play_to_first_frame_ms']} ms, "
               f"lateness {figures['lateness_ms']} ms")


def play(stack, query: str) -> dict:
    return stack.sandbox("say", "--as", "alice", "--guild", "Lounge", f"/play query:{query}")


def one_format(stack, work, report, library, name, acks, firsts, lateness) -> dict:
    report.say(f"{name}:")
    listener = Listener(stack, work, "bob", "Lounge", seconds=tones.SECONDS + 20, until_silent_ms=1200)
    answer = play(stack, f"Tones {name}")
    listener.wait()
    heard = tones.examine(listener.audio())
    acks.append(answer["ack_ms"])
    if listener.summary.get("first_packet_us"):
        firsts.append((listener.summary["first_packet_us"] - answer["sent_at_us"]) / 1000)
    lateness.append(lateness_us([p for p in listener.packets() if bytes.fromhex(p["opus_hex"]) != b"\xf8\xff\xfe"]))
    report.check(heard.markers == tones.SECONDS and not heard.problems,
                 f"{heard.markers} of {tones.SECONDS} markers in order, pitch within {heard.pitch_error_percent:.3f} %, "
                 f"level within {heard.level_error_db:.2f} dB, longest hole {heard.longest_hole_ms:.0f} ms"
                 + "".join(f"; {problem}" for problem in heard.problems[:4]))
    holes = tones.holes_ms(listener.audio())
    entry = {"markers": heard.markers, "holes": sum(hole > 40 for hole in holes),
             "longest_hole_ms": heard.longest_hole_ms, "level_error_db": round(heard.level_error_db, 3)}
    if name.endswith("opus"):
        source = ogg.opus_packets(library / tones.file_name(name, f"tones-{name}"))
        entry["bit_identical"] = listener.opus() == source
        report.check(entry["bit_identical"],
                     f"{len(listener.opus())} Opus packets heard are the file's {len(source)}, bit for bit")
    # The queue is empty: the bot stays for a while. Leave, so that every play pays for its join.
    stack.sandbox("say", "--as", "alice", "--guild", "Lounge", "/leave")
    return entry


def quick_round(stack, work, name, acks, firsts):
    listener = Listener(stack, work, "carol", "Lounge", seconds=15)
    answer = play(stack, f"Tones {name}")
    time.sleep(0.5)
    stack.sandbox("say", "--as", "alice", "--guild", "Lounge", "/stop")
    listener.stop()
    acks.append(answer["ack_ms"])
    if listener.summary.get("first_packet_us"):
        firsts.append((listener.summary["first_packet_us"] - answer["sent_at_us"]) / 1000)
