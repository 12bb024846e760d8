"""`python -m app.demo`: write the demo shop's files.

Without options: knowledge_base/campaigns.jsonl, from the default seed. With --events FILE: the log as JSON lines;
with --items FILE: the catalogue. `-` in place of FILE is standard output.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, NoReturn

import msgspec

from app.demo.shop import DEFAULT_CUSTOMERS, DEFAULT_SEED, MOST_CUSTOMERS, DemoShop
from app.events.schemas import IncomingEvent
from app.retrieval.schemas import Case

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

STANDARD_OUTPUT = Path("-")
_READABLE = 0o644
_CALLED = {"items": "products", "events": "events", "campaigns": "past campaigns"}

CAMPAIGNS_FILE = Path(__file__).resolve().parents[2] / "knowledge_base" / "campaigns.jsonl"


def case_lines(cases: Iterable[Case]) -> Iterator[str]:
    """Past campaigns, one JSON object a line."""
    for case in cases:
        yield case.model_dump_json(exclude_none=True)


def event_lines(shop: DemoShop) -> Iterator[str]:
    """The log, one JSON object a line: the event's fields and its source."""
    for source, event in shop.events():
        yield msgspec.json.encode({"source": source, **_filled(event)}).decode()


def _filled(event: IncomingEvent) -> dict[str, object]:
    fields = ((name, getattr(event, name)) for name in event.__struct_fields__)
    return {name: value for name, value in fields if value is not None and value != {}}


def item_lines(shop: DemoShop) -> Iterator[str]:
    """The catalogue, one JSON object a line."""
    for item in shop.items():
        yield msgspec.json.encode(item).decode()


def write_lines(path: Path, lines: Iterable[str]) -> int:
    """Write the lines with a newline after each; returns how many. A file is whole or as it was before."""
    if path == STANDARD_OUTPUT:
        return _write_to(sys.stdout, lines)
    target = path.resolve()
    if target.exists() and not target.is_file():  # a pipe or a device has no whole to keep
        with target.open("w", encoding="utf-8", newline="\n") as file:
            return _write_to(file, lines)
    return _write_whole(target, lines)


def _write_whole(target: Path, lines: Iterable[str]) -> int:
    """Through a file beside it, which takes its place at the end."""
    with NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=target.parent, delete=False) as file:
        try:
            written = _write_to(file, lines)
            file.close()
            Path(file.name).chmod(_READABLE)
            Path(file.name).replace(target)
        finally:
            Path(file.name).unlink(missing_ok=True)
    return written


def _write_to(file: "SupportsWrite[str]", lines: Iterable[str]) -> int:
    written = 0
    for line in lines:
        file.write(line + "\n")
        written += 1
    return written


class OneLineParser(argparse.ArgumentParser):
    """What cannot be used is answered with one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and stop with status 2."""
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(2)


def main(arguments: list[str]) -> None:
    """Write what was asked for and say so."""
    parser = OneLineParser(prog="python -m app.demo", description="Write the demo shop's files.")
    parser.add_argument("--seed", type=_whole(0, 2**63 - 1), default=DEFAULT_SEED)
    size = _whole(1, MOST_CUSTOMERS)
    parser.add_argument("--customers", type=size, default=DEFAULT_CUSTOMERS, help="of the log; campaigns do not change")
    parser.add_argument("--events", type=Path, metavar="FILE", help="write the log here instead of the campaigns")
    parser.add_argument("--items", type=Path, metavar="FILE", help="write the catalogue here instead of the campaigns")
    parser.add_argument("--campaigns", type=Path, metavar="FILE", help="write the past campaigns here")
    words = "B: the held-out vocabulary of log and catalogue; campaigns do not change"
    parser.add_argument("--wording", choices=("A", "B"), default="A", help=words)
    options = parser.parse_args(arguments)
    asked: dict[str, Path | None] = {"events": options.events, "items": options.items, "campaigns": options.campaigns}
    if not any(asked.values()):
        if options.seed != DEFAULT_SEED:
            parser.error(f"only seed {DEFAULT_SEED} makes {CAMPAIGNS_FILE.name}: name another file with --campaigns")
        asked["campaigns"] = CAMPAIGNS_FILE
    try:
        _write(DemoShop(options.seed, options.customers, options.wording), asked)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has seen enough
    except OSError as error:
        parser.error(f"cannot write: {error}")


def _write(shop: DemoShop, asked: dict[str, Path | None]) -> None:
    """What is asked for, in this order; what was written is told apart from what is written to standard output."""
    makers: dict[str, Callable[[], Iterator[str]]] = {
        "items": lambda: item_lines(shop),
        "events": lambda: event_lines(shop),
        "campaigns": lambda: case_lines(shop.cases()),
    }
    for name, make in makers.items():
        if path := asked[name]:
            told = sys.stderr if path == STANDARD_OUTPUT else sys.stdout
            print(f"{write_lines(path, make())} {_CALLED[name]} -> {path}", file=told)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return read


if __name__ == "__main__":
    main(sys.argv[1:])
