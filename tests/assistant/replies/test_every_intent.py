"""Every intent is answered in both languages by code alone, and answering writes nothing."""

import re
from typing import Any, NamedTuple

import pytest
from sqlalchemy import func, select

from app.assistant.schemas import Intent, Reply
from app.assistant.wording import wording
from app.bootstrap import App
from app.database.engine import metadata
from app.schema import Lang
from tests.factories_replies import asking_in, replied

SOMEBODY = "u100007"
QUESTIONS: tuple[tuple[Intent, dict[str, Any]], ...] = (
    (Intent.FIND_CUSTOMERS, {"state": "leaving", "value": "high", "period": "this_week"}),
    (Intent.FIND_CUSTOMERS, {"topic": "pets"}),
    (Intent.FIND_CUSTOMERS, {"number": "spend", "limit": 5}),
    (Intent.FIND_CUSTOMERS, {"segment": "important_value", "period": "last_week", "limit": 3}),
    (Intent.FIND_CUSTOMERS, {"value": "high", "topic": "makeup", "state": "visitor"}),
    (Intent.READ_CUSTOMER, {"customer": SOMEBODY}),
    *((Intent.EXPLAIN_NUMBER, {"customer": SOMEBODY, "number": number}) for number in wording("en").section("numbers")),
    (Intent.COMPARE_SEGMENTS, {"segment": "important_value", "other_segment": "important_win_back"}),
    (Intent.COMPARE_SEGMENTS, {"segment": "value:high", "other_segment": "state:leaving"}),
    (Intent.SEGMENT_STATS, {}),
    (Intent.SEGMENT_STATS, {"state": "leaving"}),
    (Intent.SEGMENT_STATS, {"period": "last_month"}),
    (Intent.SEARCH_CAMPAIGNS, {"state": "away"}),
    (Intent.SEARCH_CAMPAIGNS, {"customer": SOMEBODY}),
    (Intent.SEARCH_CAMPAIGNS, {"topic": "pets", "channel": "sms", "offer": "gift"}),
    (Intent.DRAFT_STRATEGY, {"customer": SOMEBODY}),
    (Intent.DRAFT_STRATEGY, {"customer": "u100030"}),
    (Intent.DRAFT_STRATEGY, {"state": "slowing"}),
    (Intent.APPROVE_OR_CHANGE_STRATEGY, {"decision": "approve"}),
    (Intent.APPROVE_OR_CHANGE_STRATEGY, {"decision": "change"}),
    (Intent.CAMPAIGN_RESULTS, {}),
    (Intent.CAMPAIGN_RESULTS, {"campaign": "260529-paws"}),
    (Intent.BEST_TIME_OR_CHANNEL, {"customer": SOMEBODY, "channel": "sms"}),
    (Intent.BEST_TIME_OR_CHANNEL, {"state": "leaving"}),
    (Intent.IDENTITY_QUESTION, {"customer": SOMEBODY}),
    (Intent.IDENTITY_QUESTION, {}),
    (Intent.CONSENT_OR_PRIVACY, {"channel": "sms"}),
    (Intent.CONSENT_OR_PRIVACY, {"customer": SOMEBODY, "channel": "email"}),
    (Intent.DATA_QUALITY, {}),
    (Intent.INTEREST_SHIFT_REPORT, {"period": "this_month"}),
    (Intent.INTEREST_SHIFT_REPORT, {"topic": "skincare", "to_topic": "makeup"}),
    (Intent.INTEREST_SHIFT_REPORT, {"customer": SOMEBODY}),
    (Intent.NEXT_PURCHASE, {"customer": SOMEBODY, "horizon_days": 14}),
    (Intent.NEXT_PURCHASE, {}),
    (Intent.AUDIENCE_EXPORT, {"value": "high", "state": "away"}),
    (Intent.AUDIENCE_EXPORT, {"value": "high", "channel": "sms"}),
    (Intent.BUDGET_ALLOCATION, {"budget_minor": 500_000, "state": "slowing"}),
    (Intent.OUT_OF_SCOPE, {}),
    (Intent.AMBIGUOUS, {}),
)
CHINESE = re.compile(r"[\u3400-\u9fff]")
ROUGH = re.compile(r"[{}]|\.\.|。。|,,|，，|  |\bNone\b(?! of)|\bnan\b|。\.|！。|？。")
CONTACT = re.compile(r"1[3-9]\d{9}|[\w.]+@[\w.]+\.\w+")


def contents(app: App) -> dict[str, int]:
    """How many rows every table has."""
    with app.database.read() as connection:
        return {
            table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
            for table in metadata.sorted_tables
        }


class Answered(NamedTuple):
    """All answers of one language, and what the database held before and after."""

    lang: Lang
    replies: list[Reply]
    before: dict[str, int]
    after: dict[str, int]


@pytest.fixture(scope="module", params=["zh", "en"])
def answered(demo: App, request: pytest.FixtureRequest) -> Answered:
    before = contents(demo)
    replies = [replied(demo, intent, request.param, **slots) for intent, slots in QUESTIONS]
    return Answered(request.param, replies, before, contents(demo))


def test_every_intent_is_answered_without_a_model_and_nothing_is_written(answered: Answered) -> None:
    assert {intent for intent, _ in QUESTIONS} == set(Intent)
    for reply in answered.replies:
        assert reply.sentences, reply.understood
        assert all(sentence.text.strip() for sentence in reply.sentences), reply.understood
        assert reply.provenance.rung == "composer"
        for table in reply.tables:
            assert all(len(row) == len(table.columns) for row in table.rows), table.title
        assert not CONTACT.search(reply.model_dump_json()), reply.understood
    assert answered.after == answered.before


def test_the_languages_are_not_mixed(answered: Answered) -> None:
    for reply in answered.replies:
        if reply.understood.intent in (Intent.READ_CUSTOMER, Intent.EXPLAIN_NUMBER):
            continue  # they quote what the customer wrote
        said = " ".join([*(s.text for s in reply.sentences), *(t.title for t in reply.tables), *reply.suggestions])
        assert bool(CHINESE.search(said)) is (answered.lang == "zh"), reply.understood


def test_no_sentence_is_left_with_an_open_slot_or_doubled_marks(answered: Answered) -> None:
    for reply in answered.replies:
        for sentence in reply.sentences:
            assert not ROUGH.search(sentence.text), sentence.text


def test_the_same_question_has_the_same_answer(demo: App) -> None:
    for intent, slots in QUESTIONS[:6]:
        assert replied(demo, intent, **slots) == replied(demo, intent, **slots)


def test_what_is_asked_back_or_refused_says_so(demo: App) -> None:
    asked: tuple[tuple[Intent, dict[str, Any]], ...] = (
        (Intent.READ_CUSTOMER, {}),
        (Intent.EXPLAIN_NUMBER, {"number": "ltv"}),
        (Intent.COMPARE_SEGMENTS, {"segment": "important_value"}),
        (Intent.BUDGET_ALLOCATION, {}),
        (Intent.DRAFT_STRATEGY, {}),
        (Intent.OUT_OF_SCOPE, {}),
        (Intent.AMBIGUOUS, {}),
    )
    for intent, slots in asked:
        reply = replied(demo, intent, **slots)
        assert reply.abstained, intent
        assert reply.suggestions, intent
        assert not any(sentence.claim_ids for sentence in reply.sentences)


@pytest.mark.parametrize("intent", [Intent.DRAFT_STRATEGY, Intent.NEXT_PURCHASE, Intent.BEST_TIME_OR_CHANNEL])
def test_who_was_talked_of_just_before_is_meant_where_nobody_else_is_named(demo: App, intent: Intent) -> None:
    before = replied(demo, Intent.READ_CUSTOMER, customer=SOMEBODY).understood
    reply = replied(demo, intent, asking=asking_in(demo, earlier=before))
    assert reply == replied(demo, intent, asking=asking_in(demo, earlier=before), customer=SOMEBODY)
    others = replied(demo, intent, asking=asking_in(demo, earlier=before), segment="general_value")
    assert SOMEBODY not in others.sentences[0].text


def test_this_means_the_customer_on_screen(demo: App) -> None:
    shown = asking_in(demo, on_screen=SOMEBODY)
    reply = replied(demo, Intent.READ_CUSTOMER, asking=shown)
    assert not reply.abstained
    assert SOMEBODY in reply.text
    assert replied(demo, Intent.READ_CUSTOMER, asking=shown, customer="this") == reply.model_copy(
        update={"understood": replied(demo, Intent.READ_CUSTOMER, asking=shown, customer="this").understood}
    )


@pytest.mark.parametrize(
    ("intent", "slots"),
    [
        (Intent.READ_CUSTOMER, {"customer": "nobody-like-that"}),
        (Intent.READ_CUSTOMER, {"customer": "13812345678"}),
        (Intent.NEXT_PURCHASE, {"customer": "this"}),
        (Intent.FIND_CUSTOMERS, {"segment": "no such segment"}),
        (Intent.COMPARE_SEGMENTS, {"segment": "value:huge", "other_segment": "important_value"}),
        (Intent.CAMPAIGN_RESULTS, {"campaign": "no such campaign"}),
        (Intent.FIND_CUSTOMERS, {"topic": "astrology"}),
        (Intent.APPROVE_OR_CHANGE_STRATEGY, {"decision": "stop", "campaign": "no such campaign"}),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_name_that_is_not_there_is_no_error(demo: App, lang: Lang, intent: Intent, slots: dict[str, Any]) -> None:
    reply = replied(demo, intent, lang, **slots)
    assert reply.abstained
    assert reply.sentences
    assert "13812345678" not in reply.model_dump_json(exclude={"understood"})


def test_a_bad_period_is_passed_over(demo: App) -> None:
    for period in ("soon", "2026-13", "2026-02-30", "..", "last_0_days", "2031"):
        assert not replied(demo, Intent.SEGMENT_STATS, period=period).abstained
