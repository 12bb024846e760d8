"""A virtual environment and pip inside it, for the scripts that run before anything is installed.

Standard library only. torch never comes with CUDA by accident: a local CPU wheel, then PyTorch's public CPU index,
else we stop and say so.
"""

import os
import platform
import re
import socket
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
TORCH = "2.13.0"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
TRIES = 3
NEWEST = (3, 13)


class Environment:
    """One virtual environment of the checkout; `task` stands before each line that it says."""

    def __init__(self, folder: str, task: str) -> None:
        """The environment ROOT/`folder`, which need not exist yet."""
        self.folder, self._task, self._started = ROOT / folder, task, time.monotonic()
        self.python = str(self.folder / "bin" / "python")
        self._pip = [self.python, "-m", "pip", "--disable-pip-version-check"]

    def create(self) -> None:
        """Make it unless it is there; stop where this Python cannot carry it."""
        if not (3, 11) <= sys.version_info[:2] <= NEWEST:
            self.stop(f"Python 3.11 to 3.13 is needed, this is {platform.python_version()}; try PYTHON=python3.12")
        if not Path(self.python).exists():
            self.say(f"creating {self.folder.name}")
            venv.create(self.folder, with_pip=True)

    def version(self, package: str) -> str | None:
        """The installed version of a package, or None."""
        code = f"import importlib.metadata as m; print(m.version({package!r}))"
        found = subprocess.run([self.python, "-c", code], capture_output=True, text=True)
        return found.stdout.strip() if found.returncode == 0 else None

    def install_torch(self, needed_by: str) -> None:
        """Torch without CUDA from wherever this machine can get it."""
        if self.version("torch"):
            return
        if platform.system() == "Darwin":
            self.pip("install", f"torch=={TORCH}")
        elif self._local_wheel():  # named whole: a wheel for another Python is an error, not a reason to take CUDA
            self.pip("install", f"torch=={TORCH}+cpu")
        elif _reachable("download.pytorch.org"):
            self.pip("install", f"torch=={TORCH}", "--index-url", TORCH_INDEX)
        else:
            self.stop(
                f"no CPU build of torch found. Either put a torch {TORCH}+cpu wheel into a folder and set "
                f"PIP_FIND_LINKS to it, or allow {TORCH_INDEX}; {needed_by}"
            )

    def pip(self, *arguments: str) -> None:
        """Run pip, again when a registry hiccups."""
        for attempt in range(1, TRIES + 1):
            fault = self._run_shown([*self._pip, *arguments])
            if fault is None:
                return
            self.say(f"pip failed (try {attempt} of {TRIES}): {fault}")
            time.sleep(3 * attempt)
        self.stop("pip could not install the packages; its last words stand above")

    def done(self, *stamps: str) -> None:
        """Leave a stamp file for each finished part, for make."""
        for stamp in stamps:
            (self.folder / f".{stamp}").touch()
        self.say(f"ready after {time.monotonic() - self._started:.0f} s")

    def say(self, text: str) -> None:
        """Progress for a person."""
        print(f"{self._task}: {text}", flush=True)

    def stop(self, text: str) -> NoReturn:
        """One line, and no further."""
        print(f"{self._task}: {text}", file=sys.stderr)
        sys.exit(2)

    def _local_wheel(self) -> bool:
        """Whether pip's configured --find-links folders hold a CPU wheel of torch."""
        config = subprocess.run([*self._pip, "config", "list"], capture_output=True, text=True).stdout
        listed = re.findall(r"find-links='([^']*)'", config)
        folders = " ".join([*listed, os.environ.get("PIP_FIND_LINKS", "")]).replace(r"\n", " ").split()
        return any(any(Path(f.removeprefix("file://")).glob(f"torch-{TORCH}+cpu*.whl")) for f in folders)

    def _run_shown(self, command: list[str]) -> str | None:
        """Run pip and show how far it is; None when it succeeds, else the last thing it said."""
        collected, last, shown = 0, "", time.monotonic()
        command = [*command, "--progress-bar", "off"] if "install" in command else command
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in process.stdout or ():
            last = line.strip() or last
            collected += line.startswith("Collecting")
            if line.startswith("Installing collected"):
                self.say(f"unpacking {collected} packages, {self._seconds():.0f} s")
            elif line.lstrip().startswith(("Collecting", "Downloading")) and time.monotonic() - shown > 5:
                self.say(f"{collected} packages found, {self._seconds():.0f} s")
                shown = time.monotonic()
        return None if process.wait() == 0 else last

    def _seconds(self) -> float:
        return time.monotonic() - self._started


def _reachable(host: str) -> bool:
    """Whether a host answers within two seconds."""
    try:
        socket.create_connection((host, 443), timeout=2).close()
    except OSError:
        return False
    return True
