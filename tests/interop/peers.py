"""The Discord clients of package-lock.json and the Node 22 that runs them, installed once."""

import fcntl
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


class NoNpm(Exception):
    """This machine cannot install Node packages."""


def node() -> pathlib.Path:
    """Installs when the packages are missing or older than the lock file. Returns the Node binary."""
    if shutil.which("npm") is None:
        raise NoNpm("npm is not on the PATH: install Debian's npm, or Node from nodejs.org")
    with open(HERE / "package-lock.json") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # CTest starts several of us
        installed = HERE / "node_modules" / ".package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
            # The packages ask for Node 22, which is one of them: the machine's own, of any version, only installs.
            subprocess.run(["npm", "ci", "--silent", "--no-progress"], cwd=HERE, check=True)
    return HERE / "node_modules" / ".bin" / "node"


def environment(ready: dict) -> dict:
    """What the scripts need to know, from the line that `sandbox serve` prints."""
    return {"SANDBOX_API_URL": ready["api_url"], "SANDBOX_URL": ready["control_url"],
            "NODE_EXTRA_CA_CERTS": ready["ca_file"]}
