"""Make .venv and install Understory into it: `python3 scripts/install.py [dev] [bench] [gpu]`.

Standard library only, because it runs before anything is installed. torch is needed by the `bench` extra alone.
"""

import sys

from environment import Environment

KNOWN = {"dev", "bench", "gpu"}


def main() -> None:
    """Install the core and the extras named on the command line."""
    extras, target = sys.argv[1:], Environment(".venv", "install")
    if unknown := sorted(set(extras) - KNOWN):
        target.stop(f"unknown extras {', '.join(unknown)}; there are: {', '.join(sorted(KNOWN))}")
    target.create()
    if "gpu" not in extras and (target.folder / ".gpu").exists():
        extras = [*extras, "gpu"]  # what was put in faiss-cpu's place stays there
    if "bench" in extras:
        target.install_torch("the `bench` extra needs it, the product does not")
    wanted = f".[{','.join(extras)}]" if extras else "."
    target.say(f"installing {wanted} (about a minute on first use)")
    target.pip("install", "--no-compile", "--editable", wanted)  # what is used is compiled on first start
    if "gpu" in extras:
        leave_faiss_to_the_gpu(target)
    target.done("core", *extras)


def leave_faiss_to_the_gpu(target: Environment) -> None:
    """faiss-cpu and faiss-gpu are the same folder of files: one has to go before the other is whole."""
    found = target.version("faiss-gpu")
    target.say(f"putting faiss-gpu {found} in the place of faiss-cpu")
    target.pip("uninstall", "--yes", "faiss-cpu")
    target.pip("install", "--force-reinstall", "--no-deps", "--no-compile", f"faiss-gpu=={found}")


if __name__ == "__main__":
    main()
