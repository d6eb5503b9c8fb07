"""The conventions that a machine can check. Prints one line per finding; exit status 1 when there is one.

Each rule says what to do about it. To add one, write a function that yields findings and list it in RULES.
"""

import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A library includes only libraries that stand before it (DESIGN section 3; the order of CMakeLists.txt).
LAYERS = ["base", "config", "testing", "observe", "crypto", "runtime", "contracts", "http", "postgres", "messaging",
          "outbox", "rpc", "audio_core", "media", "mls", "dave", "discord"]
# Inside a service: adapters -> app -> ports -> domain -> base.
SERVICE_LAYERS = ["domain", "ports", "app"]
# Discord's own plain values are the gateway's domain; copies of them would say nothing more.
DOMAIN_VALUES = {"gateway": {"discord/models.hpp", "discord/events.hpp", "discord/message.hpp", "discord/permissions.hpp"}}
# Third-party headers stay behind the library that owns them.
OWNERS = {
    r"boost/beast": {"libs/http"},
    r"grpcpp/|grpc/": {"libs/rpc"},
    r"libav\w+/|libsw\w+/": {"libs/media"},
    r"librdkafka/": {"libs/messaging"},
    r"libpq-fe\.h": {"libs/postgres"},
    r"spdlog/|prometheus/|opentelemetry/": {"libs/observe"},
    r"opus/": {"libs/audio_core"},
    r"soxr\.h": {"libs/audio_core"},
    r"sodium\.h": {"libs/crypto"},
}
BANNED = {
    r"\bstd::(rand|srand|getenv)\s*\(": "read the environment through libs/config, use base::Random",
    r"\b(sprintf|strcpy|strcat|gets|tmpnam)\s*\(": "unbounded C string function: use std::string or std::span",
    r"\.detach\(\)": "nothing runs detached: own the thread or use runtime::TaskGroup",
    r"\b(TODO|FIXME|XXX)\b": "finish it, or write it down as an issue",
    r"using namespace std;": "name what you use",
    r"#include <bits/": "include the standard header",
}
# Not in what we ship; a test may start ffmpeg, and a test's own coroutine may be its last.
BANNED_IN_PRODUCT = {
    r"\bstd::system\s*\(": "start no shell",
    r"\basio::detached\b": "nothing runs detached: use runtime::TaskGroup",
    r"std::this_thread::sleep": "wait for a state, not for time",
}


def tracked(*patterns: str) -> list[str]:
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--", *patterns], cwd=ROOT,
                             capture_output=True, text=True, check=True).stdout.split("\n")
    return [name for name in listing if name and (ROOT / name).is_file()]


def sources() -> list[str]:
    return tracked("*.cpp", "*.hpp")


def read(name: str) -> str:
    return (ROOT / name).read_text(errors="replace")


def includes(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if found := re.match(r'\s*#include\s+["<]([^">]+)[">]', line):
            yield number, found[1]


def layer_findings(name: str, text: str) -> Iterator[str]:
    parts = pathlib.PurePosixPath(name).parts
    for number, header in includes(text):
        top = header.split("/")[0]
        if parts[0] == "libs":
            own = LAYERS.index(parts[1]) if parts[1] in LAYERS else None
            if own is not None and top in LAYERS and LAYERS.index(top) > own and not _test_of(parts):
                yield f"{name}:{number}: {parts[1]} may not include {header}: {top} stands above it"
        elif parts[0] == "services" and len(parts) > 3 and parts[2] in SERVICE_LAYERS:
            value = header in DOMAIN_VALUES.get(parts[1], set())
            if parts[2] == "domain" and top in LAYERS and top != "base" and not value:
                yield f"{name}:{number}: the domain includes base and the standard library only, not {header}"
            allowed = SERVICE_LAYERS[:SERVICE_LAYERS.index(parts[2]) + 1]
            if top in (*SERVICE_LAYERS, "adapters") and top not in allowed:
                yield f"{name}:{number}: {parts[2]}/ may not include {header}: includes point inward"
        for pattern, owners in OWNERS.items():
            if re.match(pattern, header) and not any(name.startswith(owner + "/") for owner in owners):
                yield f"{name}:{number}: <{header}> stays inside {', '.join(sorted(owners))}: use its own types"


def _test_of(parts: tuple[str, ...]) -> bool:
    return any(part in ("tests", "bench", "fuzz") for part in parts)


def banned_findings(name: str, text: str) -> Iterator[str]:
    rules = BANNED if _test_of(pathlib.PurePosixPath(name).parts) else BANNED | BANNED_IN_PRODUCT
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, advice in rules.items():
            if re.search(pattern, line):
                yield f"{name}:{number}: {advice}"


def header_findings(name: str, text: str) -> Iterator[str]:
    if name.endswith(".hpp") and "#pragma once" not in text:
        yield f"{name}:1: a header begins with #pragma once"
    if name.endswith(".hpp") and re.search(r"^\s*using namespace ", text, re.M):
        yield f"{name}: a header does not open a namespace for everybody"


def link_findings(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not (ROOT / name).parent.joinpath(target).exists():
                yield f"{name}:{number}: the link to {target} leads nowhere"


def size_findings(name: str, text: str) -> Iterator[str]:
    if len(text.split("\n")) > 900:
        yield f"{name}: over 900 lines: a file tells one story"


def cpp_findings() -> Iterator[str]:
    for name in sources():
        text = read(name)
        for rule in (layer_findings, banned_findings, header_findings, size_findings):
            yield from rule(name, text)


def markdown_findings() -> Iterator[str]:
    for name in tracked("*.md"):
        yield from link_findings(name, read(name))


def library_findings() -> Iterator[str]:
    for folder in sorted((ROOT / "libs").iterdir()):
        if not (folder / "README.md").exists():
            yield f"libs/{folder.name}: has no README.md"
        if folder.name not in LAYERS:
            yield f"libs/{folder.name}: is not in the order of layers in tests/tidy/check.py"


def script_findings() -> Iterator[str]:
    for name in tracked("scripts/*"):
        path = ROOT / name
        if path.parent.name == "scripts" and path.stat().st_mode & 0o100 and name != "scripts/sandbox":
            if "--help" not in read(name):
                yield f"{name}: has no --help"


def format_findings() -> Iterator[str]:
    files = sources()
    done = subprocess.run(["clang-format-19", "--dry-run", "--ferror-limit=1", *files], cwd=ROOT, capture_output=True,
                          text=True)
    for line in done.stderr.split("\n"):
        if found := re.match(r"(\S+?):(\d+):\d+: (?:warning|error): code should be clang-formatted", line):
            yield f"{found[1]}:{found[2]}: is not formatted: run ./scripts/format"


RULES = [cpp_findings, markdown_findings, library_findings, script_findings, format_findings]


def main() -> int:
    findings = [finding for rule in RULES for finding in rule()]
    for finding in findings:
        print(finding)
    print(f"{len(sources())} source files checked, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
