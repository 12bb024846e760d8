from datetime import UTC, datetime

from app.bootstrap import App
from app.jobs.warming import warm
from tests.factories import a_workspace
from tests.factories_replies import asking_in


def test_after_warming_the_first_answer_works_nothing_out_again(demo: App) -> None:
    asking = asking_in(demo)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    warm(demo.pipeline, asking.workspace, now=now)
    moment = demo.pipeline.clock(asking.workspace, now=now)
    first = demo.pipeline.reckoner.at(asking.workspace, moment)
    assert demo.pipeline.reckoner.at(asking.workspace, moment) is first


def test_a_workspace_without_data_is_no_fault(demo: App) -> None:
    warm(demo.pipeline, a_workspace("elsewhere"), now=datetime(2026, 11, 1, tzinfo=UTC))
