"""The Opus packets of a file, read by a parser that shares no code with Bandstand (RFC 3533, RFC 7845)."""

import pathlib
import subprocess


def ogg_packets(data: bytes) -> list[bytes]:
    packets, partial, at = [], b"", 0
    while at < len(data):
        assert data[at:at + 4] == b"OggS", "lost the page boundary"
        count = data[at + 26]
        lacing = data[at + 27:at + 27 + count]
        body = at + 27 + count
        for length in lacing:
            partial += data[body:body + length]
            body += length
            if length < 255:
                packets.append(partial)
                partial = b""
        at = body
    return packets


def opus_packets(path: pathlib.Path) -> list[bytes]:
    """Audio packets only, without OpusHead and OpusTags. Another container is copied into Ogg first."""
    data = path.read_bytes()
    if not data.startswith(b"OggS"):
        data = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-c", "copy", "-f", "ogg", "-"],
                              capture_output=True, check=True).stdout
    packets = ogg_packets(data)
    assert packets[0].startswith(b"OpusHead") and packets[1].startswith(b"OpusTags")
    return packets[2:]

