"""Whom a question means becomes the expression that /segments shows."""

import pytest

from app.assistant.tools.audience import EVERYBODY, Who, audience_of, group_of
from app.assistant.tools.catalogue import TOOLS
from app.assistant.tools.customer import person
from app.assistant.tools.unknown import Unknown
from app.bootstrap import App
from tests.factories import a_workspace
from tests.factories_replies import asking_in


@pytest.mark.parametrize(
    ("who", "expression"),
    [
        (Who(), EVERYBODY),
        (Who(segment="重要价值"), "rfm = important_value"),
        (Who(segment="Important · value", state="leaving"), "rfm = important_value and churn_risk >= 60%"),
        (Who(value="low", topic="pets"), "monetary_score <= 2 and interest(pets) >= 20%"),
        (Who(channel="sms"), "consent(sms)"),
        (Who(segment="high spend"), "monetary_score >= 4"),
        (Who(segment="正在流失"), "churn_risk >= 60%"),
        (Who(period="2026-09"), "last_order between 2026-09-01 and 2026-09-30"),
        (Who(state="new", period="2026-09"), "stage = new and first_order between 2026-09-01 and 2026-09-30"),
        (Who(state="leaving", period="this_week"), "churn_risk >= 60%"),
        (Who(period="2026-09", without_order=True), "last_order < 2026-09-01"),
        (
            Who(segment="orders >= 2 or spend > 100", value="high"),
            "(orders >= 2 or spend > 100) and monetary_score >= 4",
        ),
    ],
)
def test_what_is_said_of_customers_is_one_expression(demo: App, who: Who, expression: str) -> None:
    asking = asking_in(demo)
    found = audience_of(demo.pipeline, asking, who)
    assert found.expression == expression
    demo.pipeline.audiences.count(asking.workspace, found.expression, as_of=asking.as_of, lang="en")


def test_groups_of_a_comparison_may_be_anything_that_narrows(demo: App) -> None:
    asking = asking_in(demo)
    found = {ref: group_of(demo.pipeline, asking, ref).expression for ref in ("state:away", "topic:pets", "重要保持")}
    assert found == {
        "state:away": "stage = away",
        "topic:pets": "interest(pets) >= 20%",
        "重要保持": "rfm = important_keep",
    }


@pytest.mark.parametrize("ref", ["value:huge", "state:", "topic:astrology", "no such segment", "spend >"])
def test_a_group_that_is_not_there_is_named_as_unknown(demo: App, ref: str) -> None:
    with pytest.raises(Unknown):
        group_of(demo.pipeline, asking_in(demo), ref)


def test_customers_of_another_workspace_are_not_found(demo: App) -> None:
    other = asking_in(demo)._replace(workspace=a_workspace("elsewhere"))
    mine = person(demo.pipeline, asking_in(demo), "u100007")
    for ref in ("u100007", mine.customer_id, "user_id:u100007"):
        with pytest.raises(Unknown):
            person(demo.pipeline, other, ref)


def test_every_tool_says_what_it_does_and_has_a_schema() -> None:
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
    for tool in TOOLS:
        assert tool.description.endswith((".", "there.")), tool.name
        assert tool.arguments.model_json_schema()["additionalProperties"] is False


def test_a_tool_is_called_by_its_arguments(demo: App) -> None:
    find = next(tool for tool in TOOLS if tool.name == "find_customers")
    found = find.run(demo.pipeline, asking_in(demo), "en", {"state": "leaving", "limit": 2})
    assert len(found.model_dump()["rows"]) == 2
