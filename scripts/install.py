"""Make .venv and install Understory into it: `python3 scripts/install.py [dev] [bench]`.

Standard library only, because it runs before anything is installed. torch is needed by the `bench` extra alone.
"""

import sys

from environment import Environment

KNOWN = {"dev", "bench"}


def main() -> None:
    """Install the core and the extras named on the command line."""
    extras, target = sys.argv[1:], Environment(".venv", "install")
    if unknown := sorted(set(extras) - KNOWN):
        target.stop(f"unknown extras {', '.join(unknown)}; there are: {', '.join(sorted(KNOWN))}")
    target.create()
    if "bench" in extras:
        target.install_torch("the `bench` extra needs it, the product does not")
    wanted = f".[{','.join(extras)}]" if extras else "."
    target.say(f"installing {wanted} (about a minute on first use)")
    target.pip("install", "--no-compile", "--editable", wanted)  # what is used is compiled on first start
    target.done("core", *extras)


if __name__ == "__main__":
    main()
