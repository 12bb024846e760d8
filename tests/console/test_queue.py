"""What the queue's page shows, without a browser."""

import pytest

from app.bootstrap import App
from app.console.queue_chart import queue_chart
from app.console.wording import wording
from app.schema import Lang
from app.strategy.acting.rule import Level
from app.strategy.acting.schemas import Hold, Verdict
from tests.console.test_pages import a_page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_chart_has_both_thresholds_the_customers_and_the_median(demo: App, lang: Lang) -> None:
    page = a_page(demo, lang)
    day = page.pipeline.acting.day(page.workspace, as_of=page.as_of)
    curve, dots = day.shown_curve(), day.dots(50)
    chart = queue_chart(curve, dots, "CNY", page.say)
    light, strong, *scatter = chart["series"]
    assert [line["type"] for line in chart["series"]] == ["line", "line", "scatter", "scatter", "scatter"]
    assert all(low[1] <= high[1] for low, high in zip(light["data"], strong["data"], strict=True))
    assert light["markLine"]["data"] == [{"xAxis": round(curve.median_value_minor / 100, 4)}]
    assert sum(len(group["data"]) for group in scatter) == len(dots) == 50


def test_every_level_hold_and_verdict_has_words() -> None:
    known = wording("en").lines().keys()
    wanted = {f"queue.levels.{level}" for level in Level} | {f"queue.holds.{hold}" for hold in Hold}
    assert wanted | {f"queue.said.{verdict}" for verdict in Verdict} <= known
