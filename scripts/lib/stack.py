"""A Bandstand on this machine: private PostgreSQL, sandbox, services. Used by scripts/up and by the scenarios.

Standard library only, so that it runs wherever Python 3.11 does.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
POSTGRES_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")


class StackError(Exception):
    """Something did not start; the text says what and where to look."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def default_state_dir() -> pathlib.Path:
    """PostgreSQL refuses to run as root, and its own user cannot reach into root's home."""
    if configured := os.environ.get("BANDSTAND_STATE"):
        return pathlib.Path(configured)
    if os.getuid() != 0:
        return ROOT / ".bandstand"
    return pathlib.Path("/var/lib/bandstand") / hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]


class Process:
    """A child process whose output goes to a log file."""

    def __init__(self, name: str, command: list, log_dir: pathlib.Path, env: dict | None = None,
                 stdout=None):
        self.name = name
        self.log_path = log_dir / f"{name}.log"
        self._log = open(self.log_path, "ab")
        self.started_at = time.monotonic()
        # A session of its own: Ctrl-C at the terminal reaches only us, and we stop the parts in order.
        self.popen = subprocess.Popen([str(part) for part in command], env=env, stdin=subprocess.DEVNULL,
                                      stdout=stdout or self._log, stderr=self._log, start_new_session=True)

    def alive(self) -> bool:
        return self.popen.poll() is None

    def stop(self, how=signal.SIGTERM, patience_s: float = 15.0) -> int:
        """Returns the exit status. A process that ignores the signal is killed and says so in its log."""
        if self.alive():
            self.popen.send_signal(how)
            try:
                self.popen.wait(patience_s)
            except subprocess.TimeoutExpired:
                self._log.write(f"{self.name} did not stop within {patience_s} s: killed\n".encode())
                self.popen.kill()
                self.popen.wait()
        self._log.close()
        return self.popen.returncode

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])


class Postgres:
    """A private server on a loopback port, with a password that only this stack knows."""

    def __init__(self, directory: pathlib.Path, log_dir: pathlib.Path, durable: bool):
        self._directory = directory
        self._data = directory / "data"
        self._log_dir = log_dir
        self._durable = durable
        self.port = free_port()
        self._password_file = directory / "password"
        self.process = None

    def _as_postgres(self, command: list) -> list:
        return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command

    def start(self):
        self._directory.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._directory, owner.pw_uid, owner.pw_gid)
        if not self._data.exists():
            self._initialise()
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
                    "max_connections": 60, "shared_buffers": "64MB", "logging_collector": "off",
                    "fsync": "on" if self._durable else "off", "max_wal_size": "256MB"}
        options = [f"--{name}={value}" for name, value in settings.items()]
        self.process = Process("postgres", self._as_postgres([POSTGRES_BIN / "postgres", "-D", self._data, *options]),
                               self._log_dir)
        deadline = time.monotonic() + 30
        while subprocess.run([POSTGRES_BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode:
            if not self.process.alive() or time.monotonic() > deadline:
                raise StackError(f"PostgreSQL did not start; {self.process.log_path} ends:\n{self.process.tail()}")
            time.sleep(0.05)

    def _initialise(self):
        self._password_file.write_text(secrets.token_urlsafe(24))
        self._password_file.chmod(0o600)
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._password_file, owner.pw_uid, owner.pw_gid)
        command = self._as_postgres([POSTGRES_BIN / "initdb", "-D", self._data, "-U", "bandstand",
                                     "--auth=scram-sha-256", f"--pwfile={self._password_file}", "-E", "UTF8",
                                     "--locale=C.UTF-8", *([] if self._durable else ["--no-sync"])])
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(self._data, ignore_errors=True)
            raise StackError(f"initdb failed:\n{done.stdout}{done.stderr}")

    @property
    def url(self) -> str:
        return f"postgresql://bandstand:{self._password_file.read_text()}@127.0.0.1:{self.port}/postgres"

    def stop(self):
        if self.process:
            # SIGINT is PostgreSQL's fast shutdown. runuser does not pass it on: signal the postmaster itself.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
                postmaster = int((self._data / "postmaster.pid").read_text().splitlines()[0])
                os.kill(postmaster, signal.SIGINT)
                self.process.popen.wait(15)
            self.process.stop()


def get(url: str, timeout_s: float = 2.0) -> tuple[int, str]:
    """Status and body; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except (urllib.error.URLError, OSError):
        return 0, ""


class Stack:
    """Starts the parts in order and stops them in reverse. Use as a context manager."""

    def __init__(self, build: pathlib.Path, state: pathlib.Path, *, durable: bool, sandbox: bool = True,
                 library: pathlib.Path | None = None, fixed_ports: bool = False, environment: dict | None = None):
        self._bin = pathlib.Path(build).resolve() / "bin"
        self.state = state
        self._durable = durable
        self._with_sandbox = sandbox
        self._library = library
        self._fixed = fixed_ports
        self._extra = environment or {}
        self.logs = state / "logs"
        self.parts: list = []
        self.ready: dict = {}
        self.ops: dict = {}

    def port(self, usual: int) -> int:
        return usual if self._fixed else free_port()

    def __enter__(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def _start(self):
        self.postgres = Postgres(self.state / "postgres", self.logs, self._durable)
        self.parts.append(self.postgres)
        self.postgres.start()
        if self._with_sandbox:
            self._start_sandbox()
        gateway_grpc, audio_grpc = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.ops = {"gateway": f"127.0.0.1:{self.port(9101)}", "audio": f"127.0.0.1:{self.port(9102)}"}
        self._services = {
            "gateway": {"GRPC_ADDRESS": gateway_grpc, "AUDIO_GRPC": audio_grpc},
            "audio": {"GRPC_ADDRESS": audio_grpc, "GATEWAY_GRPC": gateway_grpc,
                      "LIBRARY_DIR": str(self._library or "")},
        }
        for name in self._services:
            self.start_service(name)
        for name in self._services:
            self.wait_ready(name)

    def _start_sandbox(self):
        ports = ["--port", self.port(7800), "--control-port", self.port(7801), "--voice-port", self.port(7802),
                 "--udp-port", self.port(7803)]
        process = Process("sandbox", [self._bin / "sandbox", "serve", "--dir", self.state / "sandbox", *ports],
                          self.logs, stdout=subprocess.PIPE)
        self.parts.append(process)
        line = process.popen.stdout.readline()
        if not line:
            raise StackError(f"the sandbox did not start; {process.log_path} ends:\n{process.tail()}")
        self.ready = json.loads(line)
        # Keep the pipe empty, so that the sandbox never blocks on it.
        threading.Thread(target=process.popen.stdout.read, daemon=True).start()

    def environment(self, name: str) -> dict:
        env = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"),
               "DATABASE_URL": self.postgres.url, "OPS_ADDRESS": self.ops[name], "SERVICE_INSTANCE": f"{name}-1"}
        if self.ready:
            env |= {"DISCORD_API_URL": self.ready["api_url"], "TLS_CA_FILE": self.ready["ca_file"],
                    "FETCH_ALLOW_NETWORKS": "127.0.0.0/8"}
            if name == "gateway":
                env["DISCORD_TOKENS"] = "sandbox.token.1"
        for passed in ("LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
                       "ASAN_SYMBOLIZER_PATH"):
            if passed in os.environ:
                env[passed] = os.environ[passed]
        if not self.ready and name == "gateway":
            env |= {key: os.environ[key] for key in os.environ if key.startswith("DISCORD_")}
        return env | self._services[name] | self._extra

    def start_service(self, name: str) -> Process:
        process = Process(name, [self._bin / f"bandstand-{name}"], self.logs, env=self.environment(name))
        self.parts.append(process)
        return process

    def service(self, name: str) -> Process:
        return next(part for part in reversed(self.parts) if isinstance(part, Process) and part.name == name)

    def wait_ready(self, name: str, patience_s: float = 60.0):
        deadline = time.monotonic() + patience_s
        while True:
            status, body = get(f"http://{self.ops[name]}/readyz")
            if status == 200:
                return
            process = self.service(name)
            if not process.alive():
                raise StackError(f"{name} ended while starting; {process.log_path} ends:\n{process.tail()}")
            if time.monotonic() > deadline:
                raise StackError(f"{name} is not ready after {patience_s:.0f} s: {body.strip()}\n{process.tail()}")
            time.sleep(0.05)

    def metrics(self, name: str) -> str:
        return get(f"http://{self.ops[name]}/metrics")[1]

    def sandbox(self, *arguments, timeout_s: float = 60.0) -> dict:
        """Runs one sandbox command with --json and returns its answer."""
        done = subprocess.run(self.sandbox_command(*arguments), env=self.sandbox_env(), capture_output=True, text=True,
                              timeout=timeout_s)
        if done.returncode:
            raise StackError(f"sandbox {' '.join(map(str, arguments))} failed: {done.stderr.strip()}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def sandbox_command(self, *arguments) -> list[str]:
        return [str(self._bin / "sandbox"), *map(str, arguments), "--json"]

    def sandbox_env(self) -> dict:
        return {**os.environ, "SANDBOX_URL": self.ready["control_url"]}

    def stop(self) -> dict:
        """Exit status of each process, newest first. A service that stops cleanly gives 0."""
        statuses = {}
        for part in reversed(self.parts):
            if isinstance(part, Process):
                statuses[part.name] = part.stop()
            else:
                part.stop()
        self.parts = []
        return statuses
