"""What a story says, read from its words alone: present interest, shifts, drifting or not, life events, persona.

Topics are recognised by their names in the story's language; what stands in quotation marks is somebody else's word
and says nothing here. Every judgement is of one sentence; a story that says both that somebody is drifting away and
that they are not has said neither.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from app.schema import Lang
from app.text.taxonomy import Taxonomy

_QUOTED = re.compile(r"[「『“\"][^」』”\"]*[」』”\"]")
_NOW = {
    "zh": re.compile(r"眼下|目前|现在|当下|如今|近来|最近|近期|这阵子|最关注|心思|此刻"),
    "en": re.compile(
        r"\b(now|lately|at present|present|currently|these days|recently|today|attention|at the moment)\b", re.I
    ),
}
_OVER = {
    "zh": re.compile(r"淡了|放下|不再|沉寂|减退|少了下去|搁下|没有再"),
    "en": re.compile(r"\b(faded|forgotten|hardly|no longer|gone quiet|less and less|fallen off)\b", re.I),
}
_MOVED = {
    "zh": (
        r"[从由]<(?P<a>\w+)>[^<]{0,8}[转移换变][^<]{0,6}<(?P<b>\w+)>",
        r"<(?P<a>\w+)>[^<]{0,8}让位[给于]了?<(?P<b>\w+)>",
        r"<(?P<b>\w+)>[^<]{0,6}取代了?<(?P<a>\w+)>",
    ),
    "en": (
        r"from <(?P<a>\w+)> (?:on )?to <(?P<b>\w+)>",
        r"<(?P<a>\w+)> (?:has |have |had )?(?:given way|gave way|made room|yielded)[^<]{0,12}(?:to|for) <(?P<b>\w+)>",
        r"<(?P<b>\w+)> (?:has |have |had )?(?:taken|took) (?:the place of|over from) <(?P<a>\w+)>",
    ),
}
_CAME = {
    "zh": (
        r"(?:多了一项(?:新)?兴趣|开始留意|开始关注|新近开始留意)[：:]?<(?P<b>\w+)>",
        r"<(?P<b>\w+)>是新的关注点",
        r"对<(?P<b>\w+)>的兴趣在上升",
        r"看<(?P<b>\w+)>的次数多了起来",
    ),
    "en": (
        r"(?:new interest|interest) has (?:stood out|come up) since [^:<]*: <(?P<b>\w+)>",
        r"there (?:is|was) <(?P<b>\w+)> as well",
        r"<(?P<b>\w+)> is new\b",
        r"more and more is about <(?P<b>\w+)>",
        r"interest in <(?P<b>\w+)> (?:is growing|has come up)",
    ),
}
_WENT = {
    "zh": (
        r"对<(?P<a>\w+)>的兴趣[^<]*淡了",
        r"不再[看碰]<(?P<a>\w+)>",
        r"<(?P<a>\w+)>已经沉寂",
        r"没有再碰<(?P<a>\w+)>",
        r"对<(?P<a>\w+)>的兴趣在减退",
        r"看<(?P<a>\w+)>的次数少了下去",
    ),
    "en": (
        r"interest in <(?P<a>\w+)> has faded",
        r"hardly anything has been about <(?P<a>\w+)>",
        r"less and less is about <(?P<a>\w+)>",
        r"<(?P<a>\w+)> (?:is fading|has gone quiet)",
    ),
}
_STAYS = {
    "zh": re.compile(
        r"(?:没有|没|未|并无|看不到|看不出|不见|尚无)[^，。；<]{0,8}(?:流失|离开|疏远|走远|离去)"
        r"|(?:说不上|谈不上|算不上|离)流失|不像[^，。；]{0,6}(?:流失|离开|疏远|走远)|(?:保持|维持|照)[^，。；]{0,10}节奏"
    ),
    "en": re.compile(
        r"\b(?:no|nor|not|without|nothing|neither|little)\b[^.;,:]{0,40}\b(?:leaving|drifting|slipping)\b"
        r"|\b(?:keep|keeps|keeping|kept|holds?|sticks?)\b[^.;]{0,30}\brhythm\b",
        re.I,
    ),
}
_DRIFTS = {
    "zh": re.compile(r"流失|疏远|走远|离去|渐行渐远|正在离开|慢慢离开|可能离开"),
    "en": re.compile(r"\b(?:drifting|slipping away|leaving|drifts away|losing touch)\b", re.I),
}
_RISK = {"zh": re.compile(r"流失风险"), "en": re.compile(r"\b(?:churn risk|risk of leaving)\b", re.I)}
"""The name of a number, which by itself says neither."""


_FIRST = 3
"""Who names more topics than this as the present interest has named none of them."""


class Says(NamedTuple):
    """What a story says of its customer."""

    interests: tuple[str, ...]
    """The topics named where it first speaks of the present, in their order, at most three."""
    shifts: tuple[tuple[str, str], ...]
    """(from, to), in the order of telling."""
    came: frozenset[str]
    """Topics said to be wanted since some day: what somebody turned to, or what came up."""
    went: frozenset[str]
    """Topics said to be wanted no more: what somebody turned from, or what faded."""
    drifting: bool | None
    topics: tuple[str, ...]
    """All that are named, first named first."""


def says(sentences: Sequence[str], lang: Lang, taxonomy: Taxonomy) -> Says:
    """Read a story's sentences."""
    marked = [marked_topics(_QUOTED.sub(" ", sentence), lang, taxonomy) for sentence in sentences]
    shifts = tuple(dict.fromkeys(pair for sentence in marked for pair in _shifts(sentence, lang)))
    return Says(
        interests=next(_interests(marked, lang), ())[:_FIRST],
        shifts=shifts,
        came=frozenset(to for _, to in shifts) | _found(marked, _CAME[lang], "b"),
        went=frozenset(before for before, _ in shifts) | _found(marked, _WENT[lang], "a"),
        drifting=_drifting(marked, lang),
        topics=tuple(dict.fromkeys(topic for sentence in marked for topic in _TOPIC.findall(sentence))),
    )


def topics_named(sentence: str, lang: Lang, taxonomy: Taxonomy) -> frozenset[str]:
    """The topics that a sentence names outside quotation marks."""
    return frozenset(_TOPIC.findall(marked_topics(_QUOTED.sub(" ", sentence), lang, taxonomy)))


_TOPIC = re.compile(r"<(\w+)>")


def marked_topics(text: str, lang: Lang, taxonomy: Taxonomy) -> str:
    """The text with each topic's name, the longest first, as `<id>`."""
    names, pattern = _names(lang, taxonomy)
    return pattern.sub(lambda match: f"<{names[match[0].lower()]}>", text.replace("<", " "))


@lru_cache(maxsize=8)
def _names(lang: Lang, taxonomy: Taxonomy) -> tuple[dict[str, str], re.Pattern[str]]:
    names = {taxonomy.name(topic, lang).lower(): topic for topic in taxonomy.topics}
    border = r"\b" if lang == "en" else ""
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return names, re.compile(f"{border}(?:{words}){border}", re.IGNORECASE)


def _interests(marked: Iterable[str], lang: Lang) -> Iterator[tuple[str, ...]]:
    for sentence in marked:
        found = tuple(dict.fromkeys(_TOPIC.findall(sentence)))
        if found and _NOW[lang].search(sentence) and not _OVER[lang].search(sentence):
            moved = next(_shifts(sentence, lang), None)
            yield (moved[1],) if moved else found


def _shifts(sentence: str, lang: Lang) -> Iterator[tuple[str, str]]:
    for pattern in _MOVED[lang]:
        for match in re.finditer(pattern, sentence, re.IGNORECASE):
            yield match["a"], match["b"]


def _found(marked: Sequence[str], patterns: Sequence[str], group: str) -> frozenset[str]:
    return frozenset(
        match[group]
        for sentence in marked
        for pattern in patterns
        for match in re.finditer(pattern, sentence, re.IGNORECASE)
    )


def _drifting(marked: Iterable[str], lang: Lang) -> bool | None:
    found = {verdict for sentence in marked if (verdict := _verdict(sentence, lang)) is not None}
    return found.pop() if len(found) == 1 else None


def _verdict(sentence: str, lang: Lang) -> bool | None:
    if _STAYS[lang].search(sentence):
        return False
    return True if _DRIFTS[lang].search(_RISK[lang].sub(" ", sentence)) else None
