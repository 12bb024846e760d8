"""A model card as people read it, in either language by one code path; its words lie in wording/.

Headings after Mitchell et al. (2019), Model Cards for Model Reporting. `sections` is what a page draws, `markdown` what
lies beside a model.
"""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import yaml

from app.predict.kept import drift
from app.predict.kept.cards import DataSeen, FullCard
from app.predict.kept.measuring import Figure, LevelRow
from app.schema import Lang

FEW_CUSTOMERS = 1_000
A_YEAR = 365
Words = dict[str, str]


class Rows(NamedTuple):
    """A table."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Items(NamedTuple):
    """A list."""

    lines: tuple[str, ...]


Block = str | Rows | Items


class Section(NamedTuple):
    """A heading and what stands under it: paragraphs, tables, lists."""

    heading: str
    blocks: tuple[Block, ...]


def title(full: FullCard, lang: Lang) -> str:
    """The card's heading."""
    return _words(lang)["title"].format(card=full.card.model_card_id)


def sections(full: FullCard, lang: Lang) -> Iterator[Section]:
    """The card in order of reading."""
    say = _words(lang)
    for part, blocks in _PARTS.items():
        found = tuple(blocks(full, say))
        if found:
            yield Section(say[f"{part}.heading"], found)


def markdown(full: FullCard, lang: Lang) -> str:
    """The whole card as a file."""
    blocks = [f"# {title(full, lang)}"]
    for section in sections(full, lang):
        blocks += [f"## {section.heading}", *map(_block, section.blocks)]
    return "\n\n".join(blocks) + "\n"


def _block(block: Block) -> str:
    match block:
        case Rows():
            lines = [block.headings, ("---",) * len(block.headings), *block.rows]
            return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        case Items():
            return "\n".join(f"- {line}" for line in block.lines)
        case _:
            return block


def _details(full: FullCard, say: Words) -> Iterator[Block]:
    card = full.card
    yield say["details.model"].format(model=card.model, version=full.model_version, package=full.package_version)
    if card.parameters:
        found = ", ".join(f"{name} {value:.4g}" for name, value in sorted(card.parameters.items()))
        yield say["details.learned"].format(parameters=found)


def _use(full: FullCard, say: Words) -> Iterator[Block]:
    yield say["use.value"].format(days=full.card.horizon_days)
    yield say["use.queue"]
    yield say["use.not_for"]


def _data(full: FullCard, say: Words) -> Iterator[Block]:
    data = full.data
    yield say["data.source"].format(
        kind=say[f"data.kinds.{data.kind}"], name=data.name, currency=data.currency, basis=say[f"basis.{data.basis}"]
    )
    yield say["data.size"].format(
        customers=f"{full.card.customers:,}",
        repeat=f"{full.card.repeat_customers:,}",
        rows=f"{data.purchase_days:,}",
        first=data.first_day,
        last=data.last_day,
    )
    yield say["data.beside" if full.beside else "data.alone"].format(columns=len(full.beside))
    if data.basis == "net_of_refunds":
        amounts = {"taken": data.refunded_minor, "paid": data.paid_minor, "beyond": data.beyond_minor}
        yield say["data.refunds"].format(**{name: _major(amount, data) for name, amount in amounts.items()})
    elif data.refunds:
        yield say["data.negative"].format(count=f"{data.refunds:,}")
    if data.unusable_rows:
        yield say["data.unusable"].format(count=f"{data.unusable_rows:,}")
    yield say["data.personal"]


def _cuts(full: FullCard, say: Words) -> Iterator[Block]:
    yield say["cuts.fitted"].format(until=_local(full))
    if measured := full.measured:
        yield say["cuts.measured"].format(cut=measured.cut, days=measured.horizon_days)
        if measured.horizon_days < full.card.horizon_days:
            yield say["cuts.shorter"].format(days=full.card.horizon_days, measured=measured.horizon_days)


def _metrics(full: FullCard, say: Words) -> Iterator[Block]:
    if not full.measured:
        yield say["metrics.none"]
        return
    found = full.measured.figures.items()
    yield say["metrics.note"].format(n=f"{full.measured.customers:,}", currency=full.data.currency)
    rows = [(say[f"metrics.names.{name}"], *_cells(figure), say[f"metrics.ideals.{name}"]) for name, figure in found]
    yield Rows(tuple(say["metrics.columns"].split(" | ")), tuple(rows))


def _levels(full: FullCard, say: Words) -> Iterator[Block]:
    if full.measured:
        yield say["levels.note"]
        yield Rows(tuple(say["levels.columns"].split(" | ")), tuple(map(_level, full.measured.levels)))


def _level(row: LevelRow) -> tuple[str, ...]:
    return (
        f"{row.n:,}",
        _number(row.predicted),
        _with_interval(row.actual),
        _with_interval(row.above_q90),
        _number(row.predicted_no_purchase),
        _with_interval(row.no_purchase),
    )


def _drift(full: FullCard, say: Words) -> Iterator[Block]:
    features = say["drift.features_join"].join(say[f"drift.features.{name}"] for name in full.drift_features)
    yield say["drift.kept"].format(buyers=f"{full.drift_buyers:,}", days=full.drift_window_days, features=features)
    (low, high), (spend_low, spend_high) = drift.BUYERS_BAND, drift.SPEND_BAND
    bounds = {"low": low, "high": high, "spend_low": spend_low, "spend_high": spend_high}
    yield say["drift.rule"].format(watch=drift.WATCH, shifted=drift.SHIFTED, **bounds)


def _limits(full: FullCard, say: Words) -> Iterator[Block]:
    history = (full.card.fitted_until.date() - full.data.first_day).days
    lines = [say["limits.one_past"], say["limits.no_cause"]]
    if history < A_YEAR + full.card.horizon_days:
        lines.append(say["limits.no_year"].format(days=history))
    lines.append(say["limits.gross" if full.data.basis == "gross" else "limits.late_refunds"])
    if full.card.customers < FEW_CUSTOMERS:
        lines.append(say["limits.small"].format(customers=full.card.customers))
    yield Items(tuple(lines))


_PARTS: Final[dict[str, Callable[[FullCard, Words], Iterator[Block]]]] = {
    "details": _details,
    "use": _use,
    "data": _data,
    "cuts": _cuts,
    "metrics": _metrics,
    "levels": _levels,
    "drift": _drift,
    "limits": _limits,
}


def _major(minor: int, data: DataSeen) -> str:
    return f"{minor / data.minor_units:,.0f} {data.currency}"


def _local(full: FullCard) -> str:
    """The moment up to which the model has read, on the clock of its shop."""
    zone = full.data.timezone
    return f"{full.card.fitted_until.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def _cells(figure: Figure) -> tuple[str, str]:
    """Value and interval."""
    return _number(figure.value), f"{_number(figure.low)} – {_number(figure.high)}"


def _with_interval(figure: Figure) -> str:
    value, interval = _cells(figure)
    return f"{value} ({interval})"


def _number(value: float | None) -> str:
    """Three digits that matter; a dash for what is undefined."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


@cache
def _words(lang: Lang) -> Words:
    """The words of a language by dotted key, read once."""
    text = (resources.files("app.predict.kept") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return dict(_flat(yaml.safe_load(text), ""))


def _flat(tree: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
