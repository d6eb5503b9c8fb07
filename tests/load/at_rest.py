"""The whole stack at rest: resident memory and CPU of each service while nobody asks for anything."""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "scripts" / "lib")]

from stack import Stack  # noqa: E402: the path is set just above

SERVICES = ("gateway", "audio")


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> tuple[float, float]:
    """Resident, and proportional: shared libraries counted once over all who map them."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    values = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    return values["Rss"] / 1024, values["Pss"] / 1024


def tree(pid: int) -> list[int]:
    """A process and its children: PostgreSQL serves each connection with a process of its own."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [found for child in children for found in tree(int(child))]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--build", required=True, type=pathlib.Path)
    options.add_argument("--seconds", type=float, default=30)
    chosen = options.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="bandstand-rest-"))
    work.chmod(0o755)
    library = work / "library"
    library.mkdir()
    figures = {}
    with Stack(chosen.build, work / "state", durable=False, library=library) as stack:
        time.sleep(5)  # start-up work is not rest
        pids = {name: [stack.service(name).popen.pid] for name in SERVICES}
        pids["postgres"] = tree(stack.postgres.process.popen.pid)
        before = {name: sum(map(cpu_seconds, group)) for name, group in pids.items()}
        time.sleep(chosen.seconds)
        for name, group in pids.items():
            percent = (sum(map(cpu_seconds, group)) - before[name]) / chosen.seconds * 100
            rss, pss = (sum(column) for column in zip(*map(memory_mib, group)))
            figures[name] = {"cpu_percent": round(percent, 2), "rss_mib": round(rss, 1), "pss_mib": round(pss, 1)}
            print(f"{name:<10} {percent:5.2f} % of a core, {rss:6.1f} MiB resident, {pss:6.1f} MiB proportional",
                  file=sys.stderr)
    figures["services"] = {key: round(sum(figures[name][key] for name in SERVICES), 2)
                           for key in ("cpu_percent", "rss_mib", "pss_mib")}
    print(json.dumps(figures))
    shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
