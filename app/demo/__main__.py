"""`python -m app.demo`: write the demo shop's files.

Without options: knowledge_base/campaigns.jsonl, from the default seed. With --events FILE: the log as JSON lines.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from app.demo.shop import DEFAULT_CUSTOMERS, DEFAULT_SEED, DemoShop
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


def main(arguments: list[str]) -> None:
    """Write what was asked for and say so."""
    parser = argparse.ArgumentParser(prog="python -m app.demo", description="Write the demo shop's files.")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--customers", type=int, default=DEFAULT_CUSTOMERS)
    parser.add_argument("--events", type=Path, metavar="FILE", help="write the log here instead of the campaigns")
    parser.add_argument("--campaigns", type=Path, metavar="FILE", help="write the past campaigns here")
    options = parser.parse_args(arguments)
    shop = DemoShop(options.seed, options.customers)
    if options.events:
        print(f"{write_lines(options.events, event_lines(shop))} events -> {options.events}")
    if options.campaigns or not options.events:
        path = options.campaigns or CAMPAIGNS_FILE
        print(f"{write_lines(path, case_lines(shop.cases()))} past campaigns -> {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
