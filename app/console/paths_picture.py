"""The picture of a customer's paths as inline SVG, for pages that stand alone. No script, nothing from outside.

Two panels over the same days, as on screen: expected order value, and below what each action adds, with its band.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

from app.console.format import Formatter
from app.console.paths_chart import COLOURS, DASHES
from app.predict.schemas import PathPoint, ValuePath
from app.strategy.told_paths import CustomerPaths

WIDTH, HEIGHT = 760, 470
_LEFT, _RIGHT = 100, 740
_VALUES, _GAINS = (58, 220), (278, 430)
"""Top and bottom of each panel."""


class _Panel(NamedTuple):
    """A straight map from days and minor units to pixels."""

    days: int
    low: float
    high: float
    top: float
    bottom: float

    def x(self, day: float) -> float:
        return _LEFT + day / self.days * (_RIGHT - _LEFT)

    def y(self, amount: float) -> float:
        return self.bottom - (amount - self.low) / (self.high - self.low) * (self.bottom - self.top)


def picture(found: CustomerPaths, show: Formatter) -> str:
    """The SVG element; empty without an estimate."""
    paths = [path for path in found.values.paths if path.points]
    if not paths:
        return ""
    gains = [path for path in paths if path.gains]
    values = _panel(found, (path.points for path in paths), *_VALUES)
    parts = [_legend(found, paths), _axes(values, show.say("paths.value_axis"), found, show)]
    # Lifts are so small that the lines lie on each other: the dashed one, drawn last, shows the others through it.
    parts += [_line(path, path.points, values) for path in reversed(paths)]
    if gains:
        added = _panel(found, (path.gains for path in gains), *_GAINS)
        parts += [_axes(added, show.say("paths.gain_axis"), found, show), *(_band(path, added) for path in gains)]
        parts += [_line(path, path.gains, added) for path in gains]
    height = HEIGHT if gains else _VALUES[1] + 40
    label = escape(show.say("paths.heading"))
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _panel(found: CustomerPaths, lines: Iterable[Sequence[PathPoint]], top: float, bottom: float) -> _Panel:
    amounts = [v for points in lines for p in points for v in (p.low_minor, p.high_minor)]
    low, high = min(0, *amounts), max(0, *amounts)
    return _Panel(found.values.horizon_days, low, high if high > low else low + 100, top, bottom)


def _axes(panel: _Panel, title: str, found: CustomerPaths, show: Formatter) -> str:
    days = sorted({0, panel.days // 3, panel.days * 2 // 3, panel.days})
    step = _step(panel.high - panel.low)
    amounts = (n * step for n in range(math.ceil(panel.low / step), math.floor(panel.high / step) + 1))
    across = "".join(
        f'<text x="{panel.x(day):.1f}" y="{panel.bottom + 18}" text-anchor="middle">{day}</text>' for day in days
    )
    up = "".join(_level(panel, amount, found, show) for amount in amounts)
    return f'<text class="t" x="0" y="{panel.top - 14}">{escape(title)}</text>{up}{across}'


def _step(span: float) -> float:
    """The least of 1, 2 or 5 times a power of ten that leaves at most seven levels; a minor unit at least."""
    power = 10.0 ** math.floor(math.log10(span))
    return next(max(1.0, power * part) for part in (0.2, 0.5, 1.0, 2.0) if span / (power * part) <= 6)


def _level(panel: _Panel, amount: float, found: CustomerPaths, show: Formatter) -> str:
    y, said = panel.y(amount), escape(show.exact(round(amount), found.values.currency))
    return (
        f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dfe2dc"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{said}</text>'
    )


def _line(path: ValuePath, points: Sequence[PathPoint], panel: _Panel) -> str:
    drawn = _trace(points, panel, lambda point: point.expected_minor)
    return f'<polyline points="{drawn}" fill="none" {_stroke(path)}/>'


def _stroke(path: ValuePath) -> str:
    dash = ' stroke-dasharray="6 4"' if DASHES[path.action] == "dashed" else ""
    return f'stroke="{COLOURS[path.action]}" stroke-width="2"{dash}'


def _band(path: ValuePath, panel: _Panel) -> str:
    over = _trace(path.gains, panel, lambda point: point.high_minor)
    back = _trace(path.gains[::-1], panel, lambda point: point.low_minor)
    return f'<polygon points="{over} {back}" fill="{COLOURS[path.action]}" opacity=".16"/>'


def _trace(points: Sequence[PathPoint], panel: _Panel, amount: Callable[[PathPoint], int]) -> str:
    return " ".join(f"{panel.x(point.day):.1f},{panel.y(amount(point)):.1f}" for point in points)


def _legend(found: CustomerPaths, paths: Sequence[ValuePath]) -> str:
    names = {ground.action: ground.name for ground in found.grounds}
    return "".join(
        f'<line x1="{180 * i}" x2="{180 * i + 20}" y1="9" y2="9" {_stroke(path)}/>'
        f'<text x="{180 * i + 26}" y="13">{escape(names[path.action])}</text>'
        for i, path in enumerate(paths)
    )
