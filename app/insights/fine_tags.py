"""The reflection rung that asks a model: fine tags from free text, each checked by code before anybody sees it.

A tag that quotes what is not there, touches the closed list, was rejected by the customer, or holds a number, an
address or an offer is dropped with its reason. How sure a model says it is becomes one of three bounded numbers; no
model sets a number itself, and no tag is told without its hedge.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from app.insights.fitness import unfit
from app.insights.material import Line, Material
from app.insights.senses import senses_in
from app.llm.chat_model import About, ChatModel
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.llm.structured import Asked, ask
from app.privacy.redaction import redact
from app.profile.known.sensitivity import may_be_kept
from app.schema import Frozen, Lang
from app.text.normalise import normalise
from app.text.taxonomy import Taxonomy

PROMPT = "fine_tags"
OTHER = "other"
MAX_TAGS = 8


class Aspect(StrEnum):
    """What a tag says of the customer."""

    CARES_ABOUT = "cares_about"
    LIFE_STAGE = "life_stage"
    HOUSEHOLD = "household"
    PLAN = "plan"
    TASTE = "taste"
    WORRY = "worry"


Sure = Literal["hint", "likely", "clear"]
CONFIDENCE: dict[Sure, float] = {"hint": 0.4, "likely": 0.55, "clear": 0.7}
"""What a model's word is worth. Not calibrated, and never above the surest reading of the taxonomy."""
MEMORY_DAYS = {Aspect.PLAN: 30, Aspect.WORRY: 60}
USUAL_MEMORY_DAYS = 120
"""How long a tag may be told; plans pass soonest."""
_SPEAKS_OF_THE_PERSON = (Aspect.HOUSEHOLD, Aspect.PLAN)
"""On a topic of which the taxonomy has a reading these say the same in other words, and so bear its name."""

_AGE = re.compile(r"\d{1,2}(?:\s*[-–~至到]\s*\d{1,2})?\s*(?:个?月龄?|岁|[- ]?(?:months?|years?|month-old|year-old))")
_OFFER = re.compile(
    r"[打\d一二三四五六七八九]\s*折|折扣|优惠|[券劵]|返现|免单|免费|赠|红包|退款|补偿|https?|www\.|[%％¥￥$€£@]"
    r"|discount|coupon|voucher|refund|free|off\b|cashback|gift card",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"忽略|指令|系统|提示词|规则|批准|审批|通过|导出|转账|付款|置信|信心|概率|价值|预算|员工|店长|管理员|加我|联系|拨打|点击|发送"
    r"|必须|务必|其他店|别家|流失|翻倍"
    r"|\b(?:ignore|instruct\w*|system|prompt|rules?|approv\w*|export\w*|transfer|pay|confiden\w*|certain\w*|probab\w+|"
    r"value|worth|budget|staff|owner|admin\w*|call|click|send|visit|must|always|never|assistant|vip|other shops?)\b",
    re.IGNORECASE,
)
"""What is said to a reader, or of the shop's own judgement, and so never of a person's life."""
_MEASURED = frozenset({"up", "down", "offer", "refund", "ratio", "next", "latest", "largest", "most", "comparison"})
"""Senses of what is counted or estimated, which no tag may foretell."""
_HEDGES = re.compile(
    r"^(?:可能(?:是|会)?|也许|或许|似乎|大概|possibly|perhaps|maybe|may be|probably|might be)[\s:：,，]*", re.IGNORECASE
)


class FineTag(Frozen):
    """One thing that a line allows to infer about the customer."""

    line: Annotated[int, Field(ge=1, le=40)]
    """Number of the line that it was read from."""
    quote: Annotated[str, Field(min_length=2, max_length=80)]
    """The words of that line it stands on, copied exactly."""
    aspect: Aspect
    """What it says of the customer."""
    topic: Annotated[str, Field(max_length=40)]
    """One of the topics, or `other`."""
    tag: Annotated[str, Field(min_length=2, max_length=40)]
    """A few words about the customer, in the language asked for."""
    sure: Sure
    """`clear` when the words hardly allow anything else, `hint` when they only point there."""


class FineTags(Frozen):
    """The tags that the material allows; none is a good answer."""

    tags: Annotated[tuple[FineTag, ...], Field(max_length=MAX_TAGS)]


class Tag(NamedTuple):
    """An inference ready to be recorded."""

    name: str
    """A reading's id, or `aspect:topic`."""
    value: str
    """Hedged words."""
    topic: str | None
    quote: str
    event_id: str
    confidence: float
    memory_days: int
    model: str
    prompt_fingerprint: str | None = None


class Tagged(NamedTuple):
    """A model's tags that hold, and why the others do not."""

    tags: tuple[Tag, ...]
    dropped: tuple[str, ...]
    asked: Asked


Refused = Callable[[str, str], bool]
"""Whether the customer rejected an inference: its name and value."""


def ask_for_tags(
    model: ChatModel,
    prompts: PromptLibrary,
    material: Material,
    *,
    taxonomy: Taxonomy,
    zone: ZoneInfo,
    lang: Lang,
    refused: Refused,
    about: About,
    spent_ms: float = 0.0,
) -> Tagged:
    """A model's tags, those that hold. ModelUnavailable and ModelOutputError are the caller's."""
    answer = ask(model, question(prompts, material, taxonomy, zone, lang), FineTags, about, spent_ms=spent_ms)
    found: dict[str, Tag] = {}
    dropped: list[str] = []
    for number, draft in enumerate(answer.value.tags, 1):
        tag, reason = _checked(draft, material, taxonomy, lang, refused)
        if tag is None or tag.name in found:
            dropped.append(f"tag {number}: {reason or 'it repeats another'}")
        else:
            found[tag.name] = tag._replace(model=answer.model, prompt_fingerprint=answer.prompt_fingerprint)
    return Tagged(tuple(found.values()), tuple(dropped), answer)


def question(
    prompts: PromptLibrary, material: Material, taxonomy: Taxonomy, zone: ZoneInfo, lang: Lang
) -> RenderedPrompt:
    """The prompt over numbered lines."""
    topics = "\n".join(f"{topic}: {taxonomy.name(topic, lang)}" for topic in taxonomy.topics)
    lines = (f"{number}. {_said(line, zone)}: “{line.text}”" for number, line in enumerate(material.lines, 1))
    values = {"topics": topics, "material": "\n".join(lines), "language": LANGUAGES[lang]}
    return prompts.render(PROMPT, FineTags, values)


def hedged(tag: str, lang: Lang) -> str:
    """The tag as it is told: one hedge, ours, whatever the model wrote before it."""
    bare = tag.strip()
    while (shorter := _HEDGES.sub("", bare, count=1)) != bare and shorter:
        bare = shorter
    gap = " " if bare[:1].isascii() else ""
    return f"可能{gap}{bare}" if lang == "zh" else f"possibly {bare}"


def named(aspect: Aspect, topic: str, taxonomy: Taxonomy) -> str:
    """Under which name a tag is kept: rejecting a reading rejects what a model says in other words, too."""
    if aspect in _SPEAKS_OF_THE_PERSON:
        for name, reading in taxonomy.readings.items():
            if reading.topic == topic:
                return name
    return f"{aspect}:{topic}"


def _said(line: Line, zone: ZoneInfo) -> str:
    return f"{line.kind.replace('_', ' ')} in {line.at.astimezone(zone):%B}"


def _checked(
    draft: FineTag, material: Material, taxonomy: Taxonomy, lang: Lang, refused: Refused
) -> tuple[Tag | None, str | None]:
    """The tag, or the reason why it is none."""
    if draft.line > len(material.lines):
        return None, f"line {draft.line} was not shown"
    line = material.lines[draft.line - 1]
    fault = next(_faults(draft, line, taxonomy), None)
    if fault:
        return None, fault
    name, value = named(draft.aspect, draft.topic, taxonomy), hedged(draft.tag, lang)
    if not may_be_kept(taxonomy, name, value, line.at, draft.quote):
        return None, "it touches the list of what is never written"
    if refused(name, value):
        return None, "the customer rejected it"
    topic = draft.topic if draft.topic in taxonomy.topics else None
    memory = MEMORY_DAYS.get(draft.aspect, USUAL_MEMORY_DAYS)
    return Tag(name, value, topic, draft.quote, line.event_id, CONFIDENCE[draft.sure], memory, model=""), None


def _faults(draft: FineTag, line: Line, taxonomy: Taxonomy) -> Iterator[str]:
    if draft.quote not in line.text or not draft.quote.strip():
        yield "the quote does not stand in its line"
    if draft.topic != OTHER and draft.topic not in taxonomy.topics:
        yield "its topic is none of ours"
    if not draft.tag.isprintable() or set(draft.tag) & set("<>{}[]|"):
        yield "it holds what is no word"
    if _OFFER.search(draft.tag):
        yield "it holds an offer, an amount or an address"
    if redact(draft.tag) != draft.tag or any(c.isdigit() for c in _AGE.sub("", draft.tag)):
        yield "it holds a number"
    plain = normalise(draft.tag)
    if _ORDERS.search(plain) or unfit(draft.tag) or not _MEASURED.isdisjoint(senses_in(plain)):
        yield "it speaks to a reader, not of the customer"


def aged(tag: Tag, by: timedelta) -> Tag:
    """The same, told for as much shorter as its words are old."""
    return tag._replace(memory_days=tag.memory_days - by.days)
