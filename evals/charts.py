"""Pictures as inline SVG: figures with their intervals, and curves. No script, nothing loaded from outside."""

from collections.abc import Mapping, Sequence
from html import escape
from statistics import median
from typing import NamedTuple

from evals.task import Curve, Metric

WIDTH, ROW, LEFT, RIGHT = 640, 26, 170, 110
SIDE = 360
FAR_OFF = 3
"""Times the median beyond which a value no longer stretches the scale."""
COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#0891b2", "#65a30d", "#be185d", "#64748b")


class Scale(NamedTuple):
    """A straight map from data to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Pixel of a value; what lies beyond the scale is put on its edge."""
        inside = min(max(value, self.low), self.high)
        return self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start)


def short(value: float | None) -> str:
    """A figure at four significant digits, or a dash where it is undefined."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def whiskers(title: str, rows: Mapping[str, Metric]) -> str:
    """One line per label: the figure as a dot, its interval as a bar. What lies far off is drawn at the edge."""
    shown = {label: metric for label, metric in rows.items() if metric.value is not None}
    if not shown:
        return ""
    known = [v for m in shown.values() for v in (m.value, m.low, m.high) if v is not None]
    scale = _scale(_without_far_off(known), LEFT, WIDTH - RIGHT)
    height = 34 + ROW * len(shown)
    body = "".join(_whisker(i, label, metric, scale) for i, (label, metric) in enumerate(shown.items()))
    return _svg(WIDTH, height, f'<text class="t" x="0" y="16">{escape(title)}</text>{body}')


def _whisker(i: int, label: str, metric: Metric, scale: Scale) -> str:
    assert metric.value is not None
    y, colour = 42 + ROW * i, COLOURS[0] if i == 0 else COLOURS[-1]
    low, high = (metric.low, metric.high) if metric.low is not None else (metric.value, metric.value)
    across = f'x1="{scale(low):.1f}" x2="{scale(low if high is None else high):.1f}"'
    bar = f'<line {across} y1="{y}" y2="{y}" stroke="{colour}" stroke-width="3"/>'
    dot = f'<circle cx="{scale(metric.value):.1f}" cy="{y}" r="5" fill="{colour}"/>'
    name = f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(label)}</text>'
    return f'{name}{bar}{dot}<text x="{WIDTH - RIGHT + 14}" y="{y + 4}">{short(metric.value)}</text>'


def curve(picture: Curve) -> str:
    """Lines over common axes, with a legend."""
    points = [point for line in picture.lines.values() for point in line]
    if not points:
        return ""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if picture.diagonal:
        xs = ys = xs + ys
    across, up = _scale(xs, 60, 60 + SIDE), _scale(ys, 20 + SIDE * 0.7, 34)
    lines = "".join(_line(i, points, across, up) for i, points in enumerate(picture.lines.values()))
    ideal = _ideal(across, up) if picture.diagonal else ""
    legend = "".join(_legend(i, label) for i, label in enumerate(picture.lines))
    return _svg(WIDTH, round(SIDE * 0.7) + 66, _frame(picture, across, up) + ideal + lines + legend)


def _line(i: int, points: Sequence[tuple[float, float]], across: Scale, up: Scale) -> str:
    path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{COLOURS[i % len(COLOURS)]}" stroke-width="2"/>'


def _ideal(across: Scale, up: Scale) -> str:
    a, b = across.low, across.high
    return (
        f'<line x1="{across(a):.1f}" y1="{up(a):.1f}" x2="{across(b):.1f}" y2="{up(b):.1f}" '
        'stroke="currentColor" stroke-dasharray="4 4" opacity=".5"/>'
    )


def _frame(picture: Curve, across: Scale, up: Scale) -> str:
    bottom, left = up.start, across.start
    return (
        f'<text class="t" x="0" y="16">{escape(picture.title)}</text>'
        f'<path d="M{left},{up.end} V{bottom} H{across.end}" fill="none" stroke="currentColor" opacity=".4"/>'
        f'<text x="{left}" y="{bottom + 18}">{short(across.low)}</text>'
        f'<text x="{across.end}" y="{bottom + 18}" text-anchor="end">{short(across.high)}</text>'
        f'<text x="{(left + across.end) / 2}" y="{bottom + 34}" text-anchor="middle">{escape(picture.x)}</text>'
        f'<text x="{left - 6}" y="{bottom}" text-anchor="end">{short(up.low)}</text>'
        f'<text x="{left - 6}" y="{up.end + 8}" text-anchor="end">{short(up.high)}</text>'
        f'<text x="{left + 6}" y="{up.end + 8}">{escape(picture.y)}</text>'
    )


def _legend(i: int, label: str) -> str:
    y = 44 + 20 * i
    return (
        f'<rect x="{SIDE + 84}" y="{y - 9}" width="12" height="4" fill="{COLOURS[i % len(COLOURS)]}"/>'
        f'<text x="{SIDE + 102}" y="{y - 2}">{escape(label)}</text>'
    )


def _without_far_off(values: Sequence[float]) -> list[float]:
    middle = median(values)
    return [v for v in values if middle <= 0 or v <= FAR_OFF * middle]


def _scale(values: Sequence[float], start: float, end: float) -> Scale:
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return Scale(low, high, start, end)


def _svg(width: int, height: int, body: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img">{body}</svg>'
