"""Options for the picture of a customer's paths. Pure: data in, ECharts options out.

Two panels over the same days: the expected order value of each path, and below what each action adds to it, on a
scale of its own, with the band of its uncertainty. Lifts are small beside a customer's value. Where no lift is known
there is only the upper one.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from app.console.charts import FONTS
from app.console.wording import Wording
from app.predict.schemas import Action, PathPoint
from app.strategy.told_paths import CustomerPaths

COLOURS: dict[Action, str] = {"no_action": "#77807a", "light": "#2f6f5e", "strong": "#c98a2b"}
"""Of each path; they differ in lightness too."""
DASHES: dict[Action, str] = {"no_action": "dashed", "light": "solid", "strong": "solid"}

_GRIDS = (
    {"left": 64, "right": 20, "top": 56, "height": 150},
    {"left": 64, "right": 20, "top": 264, "bottom": 44},
)


def paths_chart(found: CustomerPaths, say: Wording) -> dict[str, Any]:
    """Values above, gains with their bands below; amounts in major units."""
    digits = get_currency_precision(found.values.currency)
    axes = (say("paths.value_axis"), say("paths.gain_axis"))[: 1 + any_gain(found)]
    names = {ground.action: ground.name for ground in found.grounds}
    return {
        "animation": False,
        "textStyle": {"fontFamily": FONTS},
        "grid": list(_GRIDS[: len(axes)]),
        "legend": {"top": 0, "left": 0, "itemWidth": 22, "itemHeight": 8, "data": list(names.values())},
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "xAxis": [_days(found, i, say("paths.day") if i == len(axes) - 1 else "") for i in range(len(axes))],
        "yAxis": [_amounts(name, i) for i, name in enumerate(axes)],
        "series": [*_values(found, names, digits), *_gains(found, names, digits)],
    }


def any_gain(found: CustomerPaths) -> bool:
    """Whether some action's lift is known, so that there is something to draw below."""
    return any(path.gains for path in found.values.paths)


def _days(found: CustomerPaths, grid: int, name: str) -> dict[str, Any]:
    return {
        "type": "value",
        "gridIndex": grid,
        "min": 0,
        "max": found.values.horizon_days,
        "interval": max(1, found.values.horizon_days // 6),
        "name": name,
        "nameLocation": "middle",
        "nameGap": 24,
        "splitLine": {"show": False},
        "axisLine": {"onZero": False, "lineStyle": {"color": "#c9cec9"}},
        "axisLabel": {"color": "#77807a"},
    }


def _amounts(name: str, grid: int) -> dict[str, Any]:
    return {
        "type": "value",
        "gridIndex": grid,
        "name": name,
        "nameTextStyle": {"align": "left", "padding": [0, 0, 0, -56]},
        "splitNumber": 4,
        "splitLine": {"lineStyle": {"color": "#eceee9"}},
    }


def _values(found: CustomerPaths, names: dict[Action, str], digits: int) -> Iterable[dict[str, Any]]:
    for path in found.values.paths:
        if path.points:
            line = _line(names[path.action], path.action, _pairs(path.points, "expected_minor", digits), grid=0)
            # Lifts are so small that the lines lie on each other: the dashed one shows the others through it.
            yield line | {"z": 3 if path.action == "no_action" else 2}


def _gains(found: CustomerPaths, names: dict[Action, str], digits: int) -> Iterable[dict[str, Any]]:
    for path in found.values.paths:
        if path.gains:
            yield from _band(path.action, path.gains, digits)
            yield _line(names[path.action], path.action, _pairs(path.gains, "expected_minor", digits), grid=1)


def _line(name: str, action: Action, data: list[list[float]], *, grid: int) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "xAxisIndex": grid,
        "yAxisIndex": grid,
        "showSymbol": False,
        "color": COLOURS[action],
        "lineStyle": {"width": 2, "type": DASHES[action]},
        "data": data,
    }


def _band(action: Action, gains: Sequence[PathPoint], digits: int) -> Iterable[dict[str, Any]]:
    """Two stacked lines without a stroke: up to the low end, and from there to the high end, filled."""
    low, high = _pairs(gains, "low_minor", digits), _pairs(gains, "high_minor", digits)
    width = [[day, round(top - bottom, digits)] for (day, top), (_, bottom) in zip(high, low, strict=True)]
    for data, opacity in ((low, 0.0), (width, 0.14)):
        yield _line("", action, data, grid=1) | {
            "stack": f"band-{action}",
            "stackStrategy": "all",
            "silent": True,
            "lineStyle": {"opacity": 0},
            "areaStyle": {"opacity": opacity},
            "tooltip": {"show": False},
        }


def _pairs(points: Sequence[PathPoint], which: str, digits: int) -> list[list[float]]:
    return [[point.day, float(Decimal(getattr(point, which)).scaleb(-digits))] for point in points]
