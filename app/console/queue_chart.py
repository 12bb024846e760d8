"""Options for the picture of when to act. Pure: data in, ECharts options out."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from app.console.charts import FONTS
from app.console.wording import Wording
from app.strategy.acting.rule import Level
from app.strategy.acting.schemas import ActingCurve, CustomerPoint

COLOURS: dict[Level, str] = {Level.NONE: "#b5bcb7", Level.LIGHT: "#2f6f5e", Level.STRONG: "#c98a2b"}
"""Of each level; they differ in lightness too."""


def queue_chart(curve: ActingCurve, customers: Sequence[CustomerPoint], currency: str, say: Wording) -> dict[str, Any]:
    """Both thresholds over value on a scale of ratios, the customers as dots, the median as a line; major units."""
    digits = get_currency_precision(currency)
    names = {level: say(f"queue.levels.{level}") for level in Level}
    return {
        "animation": False,
        "textStyle": {"fontFamily": FONTS},
        "grid": {"left": 8, "right": 24, "top": 66, "bottom": 26, "containLabel": True},
        "legend": {"top": 0, "left": 0, "itemWidth": 18, "itemHeight": 8},
        "tooltip": {"trigger": "item", "renderMode": "richText"},
        "xAxis": _values(say("queue.value_axis")),
        "yAxis": _risks(say("queue.risk_axis")),
        "series": [*_lines(curve, names, digits, say), *_dots(customers, names, digits)],
    }


def _values(name: str) -> dict[str, Any]:
    return {
        "type": "log",
        "name": name,
        "nameLocation": "middle",
        "nameGap": 26,
        "nameTextStyle": {"color": "#77807a"},
        "min": "dataMin",
        "max": "dataMax",
        "splitLine": {"show": False},
        "axisLine": {"lineStyle": {"color": "#c9cec9"}},
        "axisLabel": {"color": "#77807a"},
    }


def _risks(name: str) -> dict[str, Any]:
    return {
        "type": "value",
        "name": name,
        "nameTextStyle": {"align": "left", "padding": [0, 0, 0, -34]},
        "min": 0,
        "max": 100,
        "axisLabel": {"formatter": "{value}%", "color": "#77807a"},
        "splitLine": {"lineStyle": {"color": "#eceee9"}},
    }


def _lines(curve: ActingCurve, names: dict[Level, str], digits: int, say: Wording) -> Iterable[dict[str, Any]]:
    for level in (Level.LIGHT, Level.STRONG):
        risks = [point.light if level is Level.LIGHT else point.strong for point in curve.points]
        points = [[_major(p.value_minor, digits), _share(r)] for p, r in zip(curve.points, risks, strict=True)]
        line = {
            "name": say("queue.threshold", level=names[level]),
            "type": "line",
            "showSymbol": False,
            "color": COLOURS[level],
            "lineStyle": {"width": 2.5},
            "data": points,
            "z": 3,
        }
        yield line | (_median(curve, digits, say) if level is Level.LIGHT else {})


def _median(curve: ActingCurve, digits: int, say: Wording) -> dict[str, Any]:
    if curve.median_value_minor <= 0:
        return {}
    return {
        "markLine": {
            "silent": True,
            "symbol": "none",
            "lineStyle": {"color": "#77807a", "type": "dashed"},
            "label": {"formatter": say("queue.median"), "color": "#77807a"},
            "data": [{"xAxis": _major(curve.median_value_minor, digits)}],
        }
    }


def _dots(customers: Sequence[CustomerPoint], names: dict[Level, str], digits: int) -> Iterable[dict[str, Any]]:
    for level in Level:
        here = [c for c in customers if c.level is level and c.value_minor > 0]
        yield {
            "name": names[level],
            "type": "scatter",
            "symbolSize": 6,
            "color": COLOURS[level],
            "itemStyle": {"opacity": 0.55},
            "data": [[_major(c.value_minor, digits), _share(c.churn_risk)] for c in here],
        }


def _major(minor: float, digits: int) -> float:
    return float(Decimal(repr(round(minor, 2))).scaleb(-digits))


def _share(risk: float) -> float:
    return round(100 * risk, 1)
