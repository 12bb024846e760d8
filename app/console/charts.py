"""Options for the charts. Pure: data in, ECharts options out."""

from collections.abc import Sequence
from typing import Any

from app.views import InterestCurve

FONTS = '"Segoe UI", "Helvetica Neue", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
PALETTE = ("#2f6f5e", "#c98a2b", "#5b7fb5", "#a85c76", "#7a8f3c")
"""One colour per curve, told apart also by people who see few colours: they differ in lightness."""


def interest_chart(curves: Sequence[InterestCurve], axis: str) -> dict[str, Any]:
    """Curves of interest over time; times in ISO, so that ECharts places them in the reader's zone."""
    return {
        "color": list(PALETTE),
        "animation": False,
        "textStyle": {"fontFamily": FONTS},
        "grid": {"left": 8, "right": 16, "top": 52, "bottom": 4, "containLabel": True},
        "legend": {"top": 0, "left": 0, "icon": "roundRect", "itemWidth": 14, "itemHeight": 4},
        "tooltip": {"trigger": "axis", "renderMode": "richText", "order": "valueDesc"},
        "xAxis": {
            "type": "time",
            "axisLabel": {
                "formatter": {"year": "{yyyy}", "month": "{yyyy}-{MM}", "day": "{MM}-{dd}"},
                "hideOverlap": True,
            },
            "axisLine": {"lineStyle": {"color": "#c9cec9"}},
        },
        "yAxis": {
            "type": "value",
            "name": axis,
            "nameTextStyle": {"align": "left", "padding": [0, 0, 0, -8]},
            "splitLine": {"lineStyle": {"color": "#eceee9"}},
        },
        "series": [
            {
                "name": curve.name,
                "type": "line",
                "showSymbol": False,
                "smooth": 0.2,
                "lineStyle": {"width": 2},
                "data": [[moment.isoformat(), round(weight, 3)] for moment, weight in curve.points],
            }
            for curve in curves
        ],
    }
