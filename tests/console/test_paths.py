"""The picture and the tables of a customer's paths, without a browser."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from app.bootstrap import App
from app.console.format import Formatter
from app.console.paths_chart import paths_chart
from app.console.paths_picture import picture
from app.console.paths_report import paths_report
from app.console.paths_rows import by_day, sources, summary
from app.console.wording import wording
from app.predict.schemas import ValuePaths
from app.schema import Lang
from app.strategy.told_paths import CustomerPaths

END = datetime(2026, 11, 1, tzinfo=UTC)


def the_paths(app: App, lang: Lang = "en") -> tuple[CustomerPaths, Formatter]:
    pipeline, workspace = app.pipeline, app.pipeline.access.workspace("demo")
    as_of = pipeline.clock(workspace, now=END)
    ref = pipeline.customers(workspace, as_of=as_of, limit=1).rows[0].customer_id
    return pipeline.paths(workspace, ref, as_of=as_of, lang=lang), Formatter(lang, workspace.zone)


def without_a_strong_lift(found: CustomerPaths) -> CustomerPaths:
    alone, light, strong = found.values.paths
    unknown = strong.model_copy(update={"points": (), "gains": (), "lift": None, "status": "no_lift_known"})
    ground = found.grounds[2].model_copy(update={"sources": (), "said": "<b>unknown</b>"})
    return found.model_copy(
        update={
            "values": found.values.model_copy(update={"paths": (alone, light, unknown)}),
            "grounds": (*found.grounds[:2], ground),
        }
    )


def without_any_path(found: CustomerPaths) -> CustomerPaths:
    nothing = ValuePaths(horizon_days=90, currency="CNY", status="not_enough_data", missing=("orders",))
    grounds = tuple(ground.model_copy(update={"sources": ()}) for ground in found.grounds)
    return found.model_copy(update={"values": nothing, "grounds": grounds})


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_chart_draws_every_path_above_and_what_actions_add_below(demo: App, lang: Lang) -> None:
    found, _ = the_paths(demo, lang)
    options = paths_chart(found, wording(lang))
    named = [(series["name"], series["xAxisIndex"]) for series in options["series"] if series["name"]]
    names = [ground.name for ground in found.grounds]
    assert named == [*((name, 0) for name in names), *((name, 1) for name in names[1:])]
    assert options["legend"]["data"] == names
    above = options["series"][0]["data"]
    assert above[-1] == [90, found.values.paths[0].points[-1].expected_minor / 100]


def test_where_no_lift_is_known_there_is_no_panel_for_one(demo: App) -> None:
    found, show = the_paths(demo)
    only = found.values.model_copy(update={"paths": found.values.paths[:1]})
    options = paths_chart(found.model_copy(update={"values": only}), show.say)
    assert len(options["grid"]) == len(options["xAxis"]) == len(options["yAxis"]) == len(options["series"]) == 1
    assert options["xAxis"][0]["name"] == show.say("paths.day")


def test_a_band_reaches_from_the_low_to_the_high_end(demo: App) -> None:
    found, show = the_paths(demo)
    bands = [series for series in paths_chart(found, show.say)["series"] if series.get("stack") == "band-light"]
    last = found.values.paths[1].gains[-1]
    low, width = (series["data"][-1][1] for series in bands)
    assert low == last.low_minor / 100
    assert low + width == pytest.approx(last.high_minor / 100)


def test_the_picture_is_well_formed_and_draws_only_what_is_known(demo: App) -> None:
    found, show = the_paths(demo)
    for paths, lines, bands in ((found, 5, 2), (without_a_strong_lift(found), 3, 1)):
        svg = ElementTree.fromstring(picture(paths, show))
        assert len(svg.findall("polyline")) == lines
        assert len(svg.findall("polygon")) == bands
    assert picture(without_any_path(found), show) == ""


def test_every_point_of_the_picture_lies_within_it(demo: App) -> None:
    found, show = the_paths(demo)
    svg = ElementTree.fromstring(picture(found, show))
    width, height = (float(v) for v in svg.attrib["viewBox"].split()[2:])
    for shape in (*svg.findall("polyline"), *svg.findall("polygon")):
        points = [tuple(map(float, pair.split(","))) for pair in shape.attrib["points"].split()]
        assert all(0 <= x <= width and 0 <= y <= height for x, y in points)


@pytest.mark.parametrize("size", [0, 1, 7, 19, 100, 957, 10**6, 123_456_789])
def test_a_scale_has_a_few_round_levels_whatever_the_amounts(demo: App, size: int) -> None:
    found, show = the_paths(demo)
    gains = [point.model_copy(update={"expected_minor": 0, "low_minor": 0, "high_minor": size}) for point in
             found.values.paths[1].gains]  # fmt: skip
    light = found.values.paths[1].model_copy(update={"gains": tuple(gains)})
    alone, _, strong = found.values.paths
    unknown = strong.model_copy(update={"points": (), "gains": ()})
    values = found.values.model_copy(update={"paths": (alone, light, unknown)})
    svg = ElementTree.fromstring(picture(found.model_copy(update={"values": values}), show))
    levels = [
        line for line in svg.findall("line") if line.get("stroke") == "#dfe2dc" and float(line.attrib["y1"]) > 250
    ]
    assert 2 <= len(levels) <= 7


def test_the_tables_say_the_end_of_each_path_and_dashes_for_what_is_unknown(demo: App) -> None:
    found, show = the_paths(demo)
    cells = summary(without_a_strong_lift(found), show).lines
    assert cells[0][1] == show.exact(found.values.paths[0].points[-1].expected_minor, "CNY")
    assert cells[2] == (found.grounds[2].name, "–", "–", "–", "–")
    assert len(by_day(found, show).lines) == len(found.values.paths[0].points)
    assert by_day(without_any_path(found), show).lines == ()
    ground = found.grounds[1]
    assert len(sources(ground, "CNY", show).lines) == len(ground.sources)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_stands_alone_escapes_what_it_is_given_and_speaks_one_language(demo: App, lang: Lang) -> None:
    found, show = the_paths(demo, lang)
    page = paths_report(without_a_strong_lift(found), show)
    assert "&lt;b&gt;unknown" in page
    assert "<b>" not in page
    assert not re.search(r"(src|href)=|<script|url\(", page)
    assert f"<html lang='{lang}'>" in page
    assert ("Written to" in page, "触达人数" in page) == (lang == "en", lang == "zh")
    assert "<svg" not in paths_report(without_any_path(found), show)
