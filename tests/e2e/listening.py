"""A member who listens: runs `sandbox listen` and reads what it recorded."""

import json
import pathlib
import subprocess

import numpy as np

import tones
from stack import Stack, StackError

SILENCE = bytes.fromhex("f8fffe")


class Listener:
    """Joins a voice channel as a member and records until stopped, silent for a while, or out of time."""

    def __init__(self, stack: Stack, work: pathlib.Path, member: str, guild: str, channel: str = "Stage", *,
                 seconds: float, until_silent_ms: int | None = None):
        self.wav = work / f"{guild}-{member}.wav"
        self.packet_log = work / f"{guild}-{member}.jsonl"
        command = ["listen", "--as", member, "--guild", guild, channel, "--seconds", seconds, "--wav", self.wav,
                   "--packets", self.packet_log]
        if until_silent_ms:
            command += ["--until-silent", until_silent_ms]
        self._process = subprocess.Popen(stack.sandbox_command(*command), env=stack.sandbox_env(),
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         text=True)
        first = self._process.stdout.readline()
        if not first or json.loads(first).get("event") != "listening":
            raise StackError(f"sandbox listen did not join: {self._process.stderr.read()}")
        self._patience_s = seconds + 30
        self.summary: dict = {}

    def stop(self):
        """Ends the recording now."""
        self._process.terminate()
        return self.wait()

    def wait(self) -> "Listener":
        out, err = self._process.communicate(timeout=self._patience_s)
        if self._process.returncode:
            raise StackError(f"sandbox listen failed: {err.strip()}")
        self.summary = json.loads(out.strip().splitlines()[-1])
        return self

    def audio(self) -> np.ndarray:
        return tones.read_wav(self.wav)

    def packets(self) -> list[dict]:
        return [json.loads(line) for line in self.packet_log.read_text().splitlines()]

    def opus(self) -> list[bytes]:
        """What was heard, in RTP order, without the silence frames that end a burst."""
        ordered = sorted(self.packets(), key=lambda packet: packet["ext_seq"])
        return [raw for packet in ordered if (raw := bytes.fromhex(packet["opus_hex"])) != SILENCE]


def lateness_us(packets: list[dict]) -> np.ndarray:
    """How late each packet arrived against the 20 ms grid of its burst that fits best from below."""
    if not packets:
        return np.array([0.0])
    arrival = np.array([packet["t_us"] for packet in packets], dtype=np.float64)
    ideal = np.array([packet["ts"] for packet in packets], dtype=np.float64)
    ideal = np.unwrap(ideal, period=2.0**32) * 1e6 / tones.RATE
    offset = arrival - ideal
    return offset - np.min(offset)


def percentiles(values, *which) -> dict:
    return {f"p{str(p).rstrip('0').rstrip('.') if isinstance(p, float) else p}": round(float(np.percentile(values, p)), 2)
            for p in which} if len(values) else {}
