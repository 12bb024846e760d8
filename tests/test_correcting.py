"""Corrections through the door: what they write, what shows at once, and what is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.correcting import Action, By
from app.errors import InvalidInput, NotFound
from app.events.schemas import OUR_SOURCE
from app.events.sources.mapping import Parsed
from app.profile.schemas import Authority, Profile
from tests.databases import database_url
from tests.factories import START, an_incoming

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
SHOP = Workspace(workspace_id="shop")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """A shop with one customer of whom a source says where they live."""
    app = build(Settings(_env_file=None, data_dir=tmp_path, database_url=database_url(tmp_path), llm_url=""))
    app.pipeline.access.ensure(SHOP)
    said = [
        an_incoming(
            "identify",
            1,
            identifiers={"user_id": "u1", "phone": "13912345678"},
            properties={"traits": {"city": "北京"}},
        ),
        an_incoming("view", 2),
    ]
    app.pipeline.ingest(SHOP, "web", [Parsed(n, e, None, {}) for n, e in enumerate(said, 1)], now=NOW)
    app.pipeline.catch_up(SHOP)
    yield app
    app.database.close()


def profile_of(app: App, ref: str, as_of: datetime) -> Profile:
    reader = app.pipeline.reader
    customer = reader.customer(SHOP, ref)
    book = reader.book(SHOP, customer, as_of=as_of)
    return reader.view(SHOP, customer, reader.state(SHOP, customer, book), as_of=as_of)


def profile(app: App, as_of: datetime | None = None) -> Profile:
    moment = as_of or app.pipeline.clock(SHOP, now=NOW)
    return profile_of(app, "u1", moment)


def say(app: App, action: Action, attribute: str, value: str | None = None, now: datetime = NOW) -> str:
    event_id = app.pipeline.correcting.apply(
        SHOP, "u1", action, attribute, value, by=By.CUSTOMER, reason="told us", now=now, who="key k"
    )
    app.pipeline.catch_up(SHOP)
    return event_id


def test_a_correction_shows_at_once_however_old_the_data_are(app: App) -> None:
    event_id = say(app, Action.SET, "city", "上海")
    (city,) = profile(app).attributes
    assert (city.value, city.authority, city.source) == ("上海", Authority.CORRECTION, OUR_SOURCE)
    assert city.evidence == (event_id,)


def test_yesterdays_profile_stays_what_it_was(app: App) -> None:
    before = profile(app, as_of=START.replace(day=2, hour=12))
    say(app, Action.SET, "city", "上海")
    assert profile(app, as_of=START.replace(day=2, hour=12)) == before
    assert before.attributes[0].value == "北京"


def test_a_rebuild_finds_nothing_to_mend_after_corrections(app: App) -> None:
    say(app, Action.SET, "city", "上海")
    say(app, Action.REJECT, "infant_at_home")
    said = profile(app)
    assert not app.pipeline.check(SHOP).profiles
    app.pipeline.rebuild(SHOP)
    assert profile(app) == said


def test_a_withdrawn_correction_shows_what_the_source_says(app: App) -> None:
    say(app, Action.SET, "city", "上海")
    say(app, Action.WITHDRAW, "city", now=NOW.replace(hour=5))
    assert profile(app).attributes[0].value == "北京"


def test_a_rejection_leaves_a_tombstone_with_who_and_which_event(app: App) -> None:
    event_id = say(app, Action.REJECT, "infant_at_home")
    (stone,) = profile(app).tombstones
    assert (stone.name, stone.value, stone.event_id, stone.by) == ("infant_at_home", None, event_id, "customer")


def test_a_correction_is_no_sign_of_presence(app: App) -> None:
    before = profile(app)
    say(app, Action.SET, "city", "上海")
    after = profile(app)
    assert (after.last_seen_at, after.events, after.rhythm) == (before.last_seen_at, before.events, before.rhythm)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("", "x"), (" ", "x"), ("a" * 61, "x"), ("a\nb", "x"), ("phone", "x"), ("city", ""), ("city", "x" * 121),
        ("city", "13812345678"), ("note", "a@b.com"), ("状态", "怀孕"), ("isPregnant", "yes"), ("age", "12"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(app: App, attribute: str, value: str) -> None:
    before = app.pipeline.log.count("shop")
    with pytest.raises(InvalidInput) as refused:
        say(app, Action.SET, attribute, value)
    assert app.pipeline.log.count("shop") == before
    assert "13812345678" not in str(refused.value)


def test_a_reason_is_needed_and_a_withdrawal_takes_no_value(app: App) -> None:
    with pytest.raises(InvalidInput, match="reason"):
        app.pipeline.correcting.correct(SHOP, "u1", "city", "x", by=By.OPERATOR, reason=" ", now=NOW)
    with pytest.raises(InvalidInput, match="value"):
        say(app, Action.WITHDRAW, "city", "x")


def test_nobody_can_be_corrected_who_is_not_known(app: App) -> None:
    with pytest.raises(NotFound):
        app.pipeline.correcting.reject(SHOP, "nobody", "city", by=By.OPERATOR, reason="r", now=NOW)
