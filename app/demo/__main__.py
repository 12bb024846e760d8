"""`python -m app.demo`: write the demo shop's files.

Without options: knowledge_base/campaigns.jsonl, from the default seed. With --events FILE: the log as JSON lines.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import msgspec

from app.demo.shop import DEFAULT_CUSTOMERS, DEFAULT_SEED, MOST_CUSTOMERS, DemoShop
from app.events.schemas import IncomingEvent
from app.retrieval.schemas import Case

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


def write_lines(path: Path, lines: Iterable[str]) -> int:
    """Write the lines with a newline after each; returns how many."""
    written = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
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
    parser.add_argument("--customers", type=_whole(1, MOST_CUSTOMERS), default=DEFAULT_CUSTOMERS)
    parser.add_argument("--events", type=Path, metavar="FILE", help="write the log here instead of the campaigns")
    parser.add_argument("--campaigns", type=Path, metavar="FILE", help="write the past campaigns here")
    parser.add_argument("--wording", choices=("A", "B"), default="A", help="B: the held-out vocabulary")
    options = parser.parse_args(arguments)
    try:
        _write(DemoShop(options.seed, options.customers, options.wording), options.events, options.campaigns)
    except OSError as error:
        parser.error(f"cannot write: {error}")


def _write(shop: DemoShop, events: Path | None, campaigns: Path | None) -> None:
    if events:
        print(f"{write_lines(events, event_lines(shop))} events -> {events}")
    if campaigns or not events:
        path = campaigns or CAMPAIGNS_FILE
        print(f"{write_lines(path, case_lines(shop.cases()))} past campaigns -> {path}")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return read


if __name__ == "__main__":
    main(sys.argv[1:])
