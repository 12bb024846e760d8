"""Reflection over a real log: what it reads, what it writes, when it is due, and that it never repeats itself."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.correcting import By
from app.errors import NotFound
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed
from app.llm.chat_model import Message
from app.llm.scripted import Line, ScriptedModel
from app.profile.history import THRESHOLD
from app.profile.schemas import Profile, UpdateMode
from app.reflecting import Reflected
from tests.databases import database_url
from tests.factories import ITEMS, an_incoming

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
SHOP = Workspace(workspace_id="shop")
FOOD = "宝宝辅食添加顺序"


def profile_of(app: App, ref: str, as_of: datetime) -> Profile:
    reader = app.pipeline.reader
    customer = reader.customer(SHOP, ref)
    book = reader.book(SHOP, customer, as_of=as_of)
    return reader.view(SHOP, customer, reader.state(SHOP, customer, book), as_of=as_of)


class Shop:
    """A shop with one customer who searched for baby food, and whatever more a test sends."""

    def __init__(
        self, folder: Path, script: Sequence[Line] | Callable[[Sequence[Message]], Line] | None = None
    ) -> None:
        settings = Settings(_env_file=None, data_dir=folder, database_url=database_url(folder), llm_url="")
        self.model = None if script is None else ScriptedModel(script)
        self.app: App = build(settings, model=self.model)
        self.app.pipeline.access.ensure(SHOP)
        self.app.pipeline.put_items(SHOP, list(ITEMS.values()))
        self.send(an_incoming("search", 1, text=FOOD))

    def send(self, *events: IncomingEvent) -> None:
        self.app.pipeline.ingest(SHOP, "web", [Parsed(n, e, None, {}) for n, e in enumerate(events, 1)], now=NOW)
        self.app.pipeline.catch_up(SHOP)

    def reflect(self, trigger: UpdateMode | None = None, *, minutes: int = 1) -> Reflected:
        now = NOW + timedelta(minutes=minutes)
        found = self.app.pipeline.reflecting.reflect(SHOP, "u1", trigger=trigger, now=now)
        self.app.pipeline.catch_up(SHOP)
        return found

    def profile(self) -> Profile:
        moment = self.app.pipeline.clock(SHOP, now=NOW)
        return profile_of(self.app, "u1", moment)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.app.database.close()


def busy(day: float) -> list[IncomingEvent]:
    return [an_incoming("cart_add", day + n / 100, item_id="milk") for n in range(6)]


def test_without_a_model_the_lexicon_reads_and_the_profile_marks_it_as_inference(shop: Shop) -> None:
    found = shop.reflect()
    assert (found.rung, [i.name for i in found.inferred]) == ("lexicon", ["infant_at_home"])
    (infant,) = shop.profile().attributes
    assert (infant.inferred, infant.quote, infant.source) == (True, FOOD, "lexicon")
    assert infant.evidence[0] == found.inferred[0].event_id


def test_a_models_tags_are_in_the_log_with_prompt_and_model(tmp_path: Path) -> None:
    said = {
        "line": 1,
        "quote": "添加顺序",
        "aspect": "life_stage",
        "topic": "baby_care",
        "tag": "育儿学习期",
        "sure": "likely",
    }
    shop = Shop(tmp_path, [json.dumps({"tags": [said]})])
    found = shop.reflect()
    assert (found.rung, found.inferred[0].value) == ("large", "可能育儿学习期")
    customer = shop.app.pipeline.identity.customer("shop", "u1")
    book = shop.app.pipeline.book(SHOP, customer, as_of=NOW)
    recorded = [e.properties for e in book.history.events if e.kind == "inference_recorded" and "name" in e.properties]
    assert {(said["model"], said["prompt_fingerprint"] is None) for said in recorded} == {
        ("scripted", False), ("lexicon", True),
    }  # fmt: skip
    (asked,) = (said["asked"] for said in recorded if "asked" in said)
    assert isinstance(asked, dict)
    assert {"rung", "model", "prompt_fingerprint", "sampling", "prompt_tokens", "completion_tokens", "ms"} <= set(asked)
    assert shop.app.pipeline.check(SHOP).total == 0
    shop.app.database.close()


def test_a_reflection_is_in_the_history_with_score_and_threshold(shop: Shop) -> None:
    shop.send(*busy(3))
    found = shop.reflect()
    assert (found.trigger, found.score >= THRESHOLD) == (UpdateMode.TRIGGERED, True)
    newest = shop.profile().history[0]
    assert (newest.mode, newest.event_id, newest.events) == (UpdateMode.TRIGGERED, found.event_id, 7)
    assert newest.score == pytest.approx(found.score, abs=1e-3)
    assert "attribute:infant_at_home" in newest.changes


def test_the_same_profile_is_reflected_upon_once(shop: Shop) -> None:
    shop.reflect()
    before = shop.app.pipeline.log.count("shop")
    again = shop.reflect(minutes=5)
    assert (again.event_id, again.inferred) == (None, ())
    assert shop.app.pipeline.log.count("shop") == before


def test_two_reflections_upon_one_state_at_once_write_one(shop: Shop) -> None:
    reflecting = shop.app.pipeline.reflecting
    one, other = (reflecting.reflect(SHOP, "u1", trigger=None, now=NOW + timedelta(minutes=n)) for n in (1, 2))
    assert one.event_id
    assert other.event_id is None


def test_only_words_that_came_since_are_read_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path, ['{"tags": []}', '{"tags": []}'])
    shop.reflect()
    later = an_incoming("search", 2, text="护肤品推荐")
    shop.app.pipeline.ingest(SHOP, "web", [Parsed(1, later, None, {})], now=NOW + timedelta(minutes=3))
    shop.app.pipeline.catch_up(SHOP)
    shop.reflect(minutes=4)
    assert shop.model is not None
    shown = shop.model.requests[1].messages[1].content
    assert "护肤品推荐" in shown
    assert FOOD not in shown
    shop.app.database.close()


def test_a_rejected_inference_does_not_come_back(shop: Shop) -> None:
    shop.reflect()
    correcting = shop.app.pipeline.correcting
    correcting.reject(SHOP, "u1", "infant_at_home", by=By.CUSTOMER, reason="no child", now=NOW + timedelta(minutes=2))
    shop.app.pipeline.catch_up(SHOP)
    later = an_incoming("search", 3, text="给宝宝 米粉")
    shop.app.pipeline.ingest(SHOP, "web", [Parsed(1, later, None, {})], now=NOW + timedelta(minutes=3))
    shop.app.pipeline.catch_up(SHOP)
    assert shop.reflect(minutes=4).inferred == ()
    profile = shop.profile()
    assert profile.attributes == ()
    assert [t.name for t in profile.tombstones] == ["infant_at_home"]


def test_due_are_those_who_moved_enough_and_then_those_whose_time_has_come(shop: Shop) -> None:
    shop.send(*busy(3), an_incoming("search", 3, text="面霜", identifiers={"user_id": "u2"}))
    due = shop.app.pipeline.reflecting.due
    assert [d.trigger for d in due(SHOP, now=NOW, every_days=None)] == [UpdateMode.TRIGGERED]
    assert [d.trigger for d in due(SHOP, now=NOW)] == [UpdateMode.TRIGGERED, UpdateMode.PERIODIC]
    assert len(due(SHOP, now=NOW, limit=1)) == 1
    for one in due(SHOP, now=NOW):
        shop.app.pipeline.reflecting.reflect(SHOP, one.customer_id, trigger=one.trigger, now=NOW + timedelta(minutes=1))
    shop.app.pipeline.catch_up(SHOP)
    assert due(SHOP, now=NOW, every_days=0) == []
    shop.send(an_incoming("view", 5, item_id="cream"))
    assert due(SHOP, now=NOW) == []
    shop.send(an_incoming("view", 20, item_id="cream"))
    assert [d.trigger for d in due(SHOP, now=NOW)] == [UpdateMode.PERIODIC]


def test_a_rebuild_gives_the_same_history_without_asking_a_model(tmp_path: Path) -> None:
    shop = Shop(tmp_path, ['{"tags": []}'])
    shop.send(*busy(3))
    shop.reflect()
    before = shop.profile()
    shop.app.pipeline.rebuild(SHOP)
    assert shop.profile() == before
    assert shop.model is not None
    assert len(shop.model.requests) == 1
    shop.app.database.close()


def test_nobody_and_those_of_whom_nothing_is_known_are_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        shop.app.pipeline.reflecting.reflect(SHOP, "nobody", trigger=None, now=NOW)


def shifted(shop: Shop) -> Profile:
    """A reflection upon somebody whose orders became fewer, with the conclusion that follows from it."""
    shop.send(
        *(
            an_incoming("order", day, order_id=f"o{day}", item_id="milk", amount_minor=1000)
            for day in (-120, -110, -100, -95)
        )
    )
    found = shop.reflect()
    assert found.conclusions
    return shop.profile()


def test_a_conclusion_is_in_the_log_and_in_the_history_with_its_evidence(shop: Shop) -> None:
    profile = shifted(shop)
    newest = next(update for update in profile.history if update.conclusions)
    assert newest.mode is not UpdateMode.INCREMENTAL
    assert all(said.evidence and said.model is None for said in newest.conclusions)
    assert shop.app.pipeline.check(SHOP).total == 0


def test_a_rejected_conclusion_is_gone_and_none_is_made_again(shop: Shop) -> None:
    shifted(shop)
    correcting = shop.app.pipeline.correcting
    correcting.reject(SHOP, "u1", "conclusion", by=By.CUSTOMER, reason="wrong", now=NOW + timedelta(hours=1))
    shop.app.pipeline.catch_up(SHOP)
    assert not any(update.conclusions for update in shop.profile().history)
    shop.send(an_incoming("view", 3, item_id="cream"))
    assert shop.reflect(minutes=90).conclusions == ()
    assert shop.app.pipeline.check(SHOP).total == 0


def test_a_model_words_a_conclusion_and_the_log_says_how_it_was_asked(tmp_path: Path) -> None:
    shop = Shop(tmp_path, lambda messages: _obeys(messages[-1].content))
    profile = shifted(shop)
    newest = next(update for update in profile.history if update.conclusions)
    assert [said.model for said in newest.conclusions] == ["scripted"]
    assert shop.app.pipeline.check(SHOP).total == 0
    shop.app.database.close()


def _obeys(asked: str) -> str:
    """Tags nothing, and repeats the first change that it is shown."""
    shown = re.search(r"changed: \[(\w+)\] (.+)", asked)
    if shown is None:
        return '{"tags": []}'
    return json.dumps({"sentences": [{"text": shown[2], "claims": [shown[1]]}]}, ensure_ascii=False)
