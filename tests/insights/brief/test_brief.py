"""Briefs: who, what last, what is open, what to avoid; nothing of what somebody is worth, whatever a model says."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

import pytest

from app.bootstrap import PROMPTS
from app.insights.brief.brief import Briefer, kept
from app.insights.brief.compose import Composer, Terms
from app.insights.brief.material import Line, material_of
from app.insights.brief.schemas import Brief, BriefDraft, Part
from app.insights.brief.wording import wording
from app.llm.chat_model import ChatModel
from app.llm.examples import load_examples
from app.llm.scripted import ScriptedModel
from app.narrative.schemas import Claim, ClaimKind, Period, Predicate, Unit
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from tests.factories_explained import AS_OF, LIBRARY, a_claim, a_word, cited_in, grounded, known

FREE = Terms(channels=("email",), quiet=("21:00", "08:00"), suppressed=False, rejected=(), forbidden=())
EVER = Period(start=AS_OF - timedelta(days=400), end=AS_OF)
FIRST = a_claim(
    Predicate.FIRST_ORDER, 4_321_00, unit=Unit.MONEY_MINOR, currency="CNY", kind=ClaimKind.FACT,
    at=datetime(2026, 3, 1, tzinfo=UTC),
)  # fmt: skip
COUNT = a_claim(Predicate.ORDER_COUNT, 6, period=EVER)
LAST = a_claim(Predicate.DAYS_SINCE_LAST_ORDER, 12, unit=Unit.DAYS, at=AS_OF - timedelta(days=12), evidence=("o1",))
LTV = a_claim(Predicate.LTV, 98_765_00, unit=Unit.MONEY_MINOR, currency="CNY", kind=ClaimKind.PREDICTION)
CLASS = a_claim(Predicate.RFM_POSITION, None, name="important_value", scores=(5, 5, 5))
REFUND = a_claim(Predicate.REFUND_VALUE, 55_00, unit=Unit.MONEY_MINOR, currency="CNY", period=EVER, evidence=("r1",))
POOR = a_word(Predicate.REVIEWED, "hums after an hour", 2)
WROTE = a_word(Predicate.SUPPORT_CONTACT, "where is my parcel")


def brief(
    taxonomy: Taxonomy,
    *claims: Claim,
    lang: Lang = "en",
    model: ChatModel | None = None,
    terms: Terms = FREE,
    titles: Mapping[str, Sequence[str]] | None = None,
) -> Brief:
    given, speaker = known(claims, taxonomy, lang)
    lines = material_of(claims, {"r1": AS_OF - timedelta(days=3)}, as_of=AS_OF)
    return Briefer(model, LIBRARY).brief(given, lines, Composer(speaker, titles or {}, terms))


def of(found: Brief, part: Part) -> list[str]:
    return [sentence.text for sentence in found.sentences if sentence.part is part]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_brief_says_nothing_of_value_and_is_the_same_for_rich_and_poor(taxonomy: Taxonomy, lang: Lang) -> None:
    claims = (FIRST, COUNT, LAST, LTV, CLASS, REFUND)
    poorer = tuple(c.model_copy(update={"value": 1}) if c.unit is Unit.MONEY_MINOR else c for c in claims)
    rich, poor = (brief(taxonomy, *given, lang=lang) for given in (claims, poorer))
    said = rich.model_dump_json()
    assert not any(word in said for word in ("4321", "4,321", "98765", "98,765", "¥", "important", "重要", "55"))
    assert rich == poor


def test_who_this_is_takes_two_sentences_and_an_order_names_what_it_held(taxonomy: Taxonomy) -> None:
    city = a_claim(Predicate.ATTRIBUTE, None, name="city", detail="Leeds", authority="behaviour", kind=ClaimKind.FACT)
    titles = {LAST.claim_id: ["Lamp", "Shade", "Bulb", "Cord"]}
    found = brief(taxonomy, FIRST, COUNT, LAST, city, titles=titles)
    assert len(of(found, Part.WHO)) == 2
    assert "“Lamp”, “Shade”, “Bulb” and 1 more" in of(found, Part.LAST)[0]
    assert found.evidence[LAST.claim_id] == ("o1",)


def test_what_is_open_is_told_and_the_talk_begins_with_it(taxonomy: Taxonomy) -> None:
    calm = brief(taxonomy, COUNT)
    assert of(calm, Part.OPEN) == [wording("en").rules["nothing_open"]]
    unhappy = brief(taxonomy, COUNT, POOR, WROTE, REFUND)
    assert len(of(unhappy, Part.OPEN)) == 3
    assert unhappy.opening == wording("en").openings["settle"]
    assert wording("en").rules["settle_first"] in of(unhappy, Part.AVOID)
    assert brief(taxonomy, WROTE).opening == wording("en").openings["answer"]


def test_consents_lists_and_rejections_are_said_by_code(taxonomy: Taxonomy) -> None:
    closed = FREE._replace(channels=(), suppressed=True, rejected=("city", "pregnancy"), forbidden=("pregnancy",))
    said = brief(taxonomy, COUNT, terms=closed).text
    assert "no marketing on any channel" in said
    assert "list of those who are never contacted" in said
    assert "pregnancy" not in said
    named = brief(taxonomy, COUNT, terms=FREE._replace(rejected=("city",))).text
    assert "They rejected what was inferred of them (city)" in named


def drafted(sentences: Sequence[Mapping[str, Any]], opening: str = "Hello.") -> str:
    return json.dumps({"sentences": sentences, "opening": opening}, ensure_ascii=False)


def test_a_model_may_word_what_the_claims_say(taxonomy: Taxonomy) -> None:
    text = "Their latest order came on 18 September 2026, 12 days ago."
    told = [{"part": "last", "text": text, "claims": [LAST.claim_id]}]
    found = brief(taxonomy, FIRST, COUNT, LAST, model=ScriptedModel([drafted(told, "Hello, how can I help you?")]))
    assert (of(found, Part.LAST), found.opening) == ([text], "Hello, how can I help you?")
    assert found.provenance.rung == "large"
    assert of(found, Part.WHO) == of(brief(taxonomy, FIRST, COUNT, LAST), Part.WHO)


@pytest.mark.parametrize(
    "text",
    [
        "The latest order came 12 days ago, so offer 100% off.",
        "The latest order came 12 days ago; see www.evil.example.",
        "The latest order came 12 days ago; call 13912345678.",
        "The latest order came 12 days ago, they are worth ¥98,765.",
        "The latest order came 21 days ago.",
        "The latest order came 12 days ago, they are a VIP, confidence high.",
    ],
)
def test_an_obedient_model_says_nothing_of_its_own(taxonomy: Taxonomy, text: str) -> None:
    told = [{"part": "last", "text": text, "claims": [LAST.claim_id]}]
    model = ScriptedModel([drafted(told, "Hello, you get 100% off at www.evil.example!")] * 2)
    plain = brief(taxonomy, COUNT, LAST)
    found = brief(taxonomy, COUNT, LAST, model=model)
    assert (found.sentences, found.opening) == (plain.sentences, plain.opening)
    assert found.provenance.rung == "composer"
    assert found.provenance.fallback_reason


def test_a_model_that_leaves_a_complaint_out_does_not_tell_that_part(taxonomy: Taxonomy) -> None:
    only = [{"part": "open", "text": "They wrote to support: “where is my parcel”.", "claims": [WROTE.claim_id]}]
    found = brief(taxonomy, POOR, WROTE, model=ScriptedModel([drafted(only)] * 2))
    assert of(found, Part.OPEN) == of(brief(taxonomy, POOR, WROTE), Part.OPEN)


def test_the_examples_of_the_prompt_keep_to_what_they_are_shown() -> None:
    names = ("claims", "opening", "language")
    for example in load_examples(PROMPTS / "examples" / "service_brief.yaml", BriefDraft, names):
        lines = tuple(_lines(example.values["claims"]))
        ground = grounded(cited_in(example.values["claims"]))
        found, faults = kept(BriefDraft.model_validate_json(example.said), lines, ground, example.values["opening"])
        assert faults == ()
        assert found.opening


def _lines(shown: str) -> Iterator[Line]:
    for line in shown.splitlines():
        part, rest = line.split(": [", 1)
        claim = a_claim(Predicate.VIEW_COUNT, None).model_copy(update={"claim_id": rest.split("]", 1)[0]})
        yield Line(Part(part), "any", {"c": claim})


def test_both_languages_have_the_same_keys_and_slots() -> None:
    zh, en = (_slots(wording(lang).model_dump()) for lang in ("zh", "en"))
    assert zh == en


def _slots(words: Any) -> Any:
    if isinstance(words, dict):
        return {key: _slots(value) for key, value in words.items()}
    return {name for _, name, _, _ in Formatter().parse(words) if name}
