"""Make .venv and install Understory into it: `python3 scripts/install.py [dev] [bench]`.

Standard library only, because it runs before anything is installed. torch is needed by the `bench` extra alone and
never comes with CUDA by accident: a local CPU wheel, then PyTorch's public CPU index, else we stop and say so.
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

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PIP = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
KNOWN = {"dev", "bench"}
TORCH = "torch==2.13.0"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
TRIES = 3


def main() -> None:
    """Install the core and the extras named on the command line."""
    extras = sys.argv[1:]
    if unknown := sorted(set(extras) - KNOWN):
        sys.exit(f"install: unknown extras {', '.join(unknown)}; there are: {', '.join(sorted(KNOWN))}")
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"install: Python 3.11 to 3.13 is needed, this is {platform.python_version()}; try PYTHON=python3.12")
    started = time.monotonic()
    if not (VENV / "bin" / "python").exists():
        say("creating .venv")
        venv.create(VENV, with_pip=True)
    if "bench" in extras:
        install_torch()
    wanted = f".[{','.join(extras)}]" if extras else "."
    say(f"installing {wanted} (about a minute on first use)")
    pip("install", "--no-compile", "--editable", wanted)  # what is used is compiled on first start
    for name in ["core", *extras]:
        (VENV / f".{name}").touch()
    say(f"ready after {time.monotonic() - started:.0f} s")


def install_torch() -> None:
    """Torch without CUDA from wherever this machine can get it."""
    if subprocess.run([str(VENV / "bin" / "python"), "-c", "import torch"], capture_output=True).returncode == 0:
        return
    if platform.system() == "Darwin" or local_wheel():
        pip("install", TORCH)
    elif reachable("download.pytorch.org"):
        pip("install", TORCH, "--index-url", TORCH_INDEX)
    else:
        sys.exit(
            "install: no CPU build of torch found. Either put a torch 2.13.0+cpu wheel into a folder and set "
            f"PIP_FIND_LINKS to it, or allow {TORCH_INDEX}; the `bench` extra needs it, the product does not"
        )


def local_wheel() -> bool:
    """Whether pip's configured --find-links folders hold a CPU wheel of torch."""
    config = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True).stdout
    listed = re.findall(r"find-links='([^']*)'", config)
    folders = " ".join([*listed, os.environ.get("PIP_FIND_LINKS", "")]).split()
    return any(any(Path(f.removeprefix("file://")).glob("torch-2.13.0+cpu*.whl")) for f in folders)


def reachable(host: str) -> bool:
    """Whether a host answers within two seconds."""
    try:
        socket.create_connection((host, 443), timeout=2).close()
    except OSError:
        return False
    return True


def pip(*arguments: str) -> None:
    """Run pip, again when a registry hiccups."""
    for attempt in range(1, TRIES + 1):
        fault = run_shown([*PIP, *arguments, "--progress-bar", "off"])
        if fault is None:
            return
        say(f"pip failed (try {attempt} of {TRIES}): {fault}")
        time.sleep(3 * attempt)
    sys.exit("install: pip could not install the packages; its last words stand above")


def run_shown(command: list[str]) -> str | None:
    """Run pip and show how far it is; None when it succeeds, else the last thing it said."""
    started, collected, last = time.monotonic(), 0, ""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout or ():
        last = line.strip() or last
        if line.startswith("Collecting"):
            collected += 1
            if collected % 20 == 0:
                say(f"{collected} packages found, {time.monotonic() - started:.0f} s")
        elif line.startswith("Installing collected"):
            say(f"unpacking {collected} packages, {time.monotonic() - started:.0f} s")
    return None if process.wait() == 0 else last


def say(text: str) -> None:
    """Progress for a person."""
    print(f"install: {text}", flush=True)


if __name__ == "__main__":
    main()
