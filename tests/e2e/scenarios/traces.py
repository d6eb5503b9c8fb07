"""One /play is one trace: from the interaction at the gateway, across the bus, to the first packet of the audio service."""

import tones
from listening import Listener
from otlp import Collector
from stack import Stack


def run(build, work, report, keep_audio):
    library = work / "library"
    library.mkdir()
    tones.write(library / "song.opus", "ogg-opus", "Traced Song", 0, 3)
    collector = Collector()
    with Stack(build, work / "state", durable=False, library=library,
               environment={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}) as stack:
        stack.sandbox("join", "--as", "alice", "--guild", "Lounge", "Stage")
        listener = Listener(stack, work, "bob", "Lounge", seconds=20, until_silent_ms=1000)
        stack.sandbox("say", "--as", "alice", "--guild", "Lounge", "/play query:Traced Song")
        listener.wait()
    collector.close()
    by_trace: dict[str, list[dict]] = {}
    for span in collector.spans:
        by_trace.setdefault(span["trace"], []).append(span)
    whole = [spans for spans in by_trace.values() if {span["service"] for span in spans} >= {"gateway", "audio"}]
    report.check(len(whole) == 1, f"one trace passes through both services (of {len(by_trace)} traces)")
    if whole:
        spans = whole[0]
        ids = {span["id"] for span in spans}
        roots = [span for span in spans if span["parent"] not in ids]
        report.say("\n".join(f"    {span['service']:<8} {span['name']}" for span in spans))
        report.check(len(roots) == 1 and roots[0]["service"] == "gateway", "it begins at the gateway's interaction")
        report.check(any("first" in span["name"] and span["service"] == "audio" for span in spans),
                     "it reaches the first packet")
        report.figures["spans"] = sorted(f"{span['service']}:{span['name']}" for span in spans)
