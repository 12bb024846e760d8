"""What a message must carry and what none may say: signature, unsubscribe words, length, and nothing but its theme.

Numbers, links, personal data and sensitive words are found by the same code that checks stories. A tested theme, which
somebody vouched for, holds to the hard rules; a model's wording may besides say no more than the composer's.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from app.insights.content import novelty
from app.insights.fitness import unfit
from app.insights.quantities import Figures, figures, unsupported
from app.insights.verify import check_sentence
from app.retrieval.schemas import Channel, Offer, OfferType
from app.schema import Lang
from app.strategy.gate.policy import Policy, TextRule
from app.strategy.gate.schemas import Firing, Rule, Ruling
from app.strategy.wording import say_offer, wording

MOST_NEW_IN_COPY = 0.5
"""Largest share of a wording's content that the composer's does not have: copy goes to customers, so less than in a
story for colleagues."""

_MONEY = frozenset({"percent", "cny", "gbp", "usd", "eur"})


class Frame(NamedTuple):
    """What every message on one channel in one language stands in."""

    shop: str
    channel: Channel
    lang: Lang
    link: str
    """The slot for the customer's own unsubscribe link."""

    @property
    def signature(self) -> str:
        """What a message begins with; empty where none is needed."""
        return wording(self.lang).signatures.get(self.channel, "").format(shop=self.shop)

    @property
    def unsubscribe(self) -> str:
        """What a message ends with; empty where none is needed."""
        return wording(self.lang).unsubscribe.get(self.channel, "").format(link=self.link)

    def around(self, draft: str, offer: str = "") -> str:
        """The whole message."""
        words = wording(self.lang).frames[self.channel]
        return words.format(
            signature=self.signature, draft=draft, offer=offer, shop=self.shop, unsubscribe=self.unsubscribe
        )

    def within(self, text: str) -> str:
        """What a message says beside all that every message carries."""
        before, _, after = self.around("\0").partition("\0")
        for part in (before, after, self.signature, self.unsubscribe):
            text = text.replace(part.strip(), " ", 1) if part.strip() else text
        return text.strip()


def carrying(text: str, frame: Frame) -> Ruling[str]:
    """The message with signature and unsubscribe words; it fires for what had to be added."""
    fired: list[Firing] = []
    said = text.strip()
    if frame.signature and not said.startswith(frame.signature):
        said = frame.signature + said.replace(frame.signature, "")
        fired.append(Firing(Rule.SIGNATURE, {"channels": (frame.channel,)}))
    ending = frame.unsubscribe.strip()
    if ending and not said.endswith(ending):
        said = said.replace(ending, "").rstrip() + _gap(frame) + ending
        fired.append(Firing(Rule.UNSUBSCRIBE, {"channels": (frame.channel,)}))
    return Ruling(said if fired else text, tuple(fired))


def fits(text: str, channel: Channel, policy: Policy) -> bool:
    """Whether the channel takes a message of this length; a slot for a link counts as written."""
    return len(text) <= policy.texts.max_length[channel]


def hard_fault(text: str, known: str, forbidden: Collection[str]) -> str | None:
    """Why a text may never be sent, whoever wrote it; None when it may.

    Links, personal data, markup, sensitive words, and amounts or percentages that `known` (the offer and the
    composer's words) does not state.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    faults = (unfit(" ".join(line.split()), forbidden) for line in lines or [""])
    return next((fault for fault in faults if fault), None) or unsupported(_amounts(text), [figures(known)])


def says_no_more(text: str, known: str, forbidden: Collection[str]) -> bool:
    """Whether a model's text states nothing beyond `known`: no number, name, link, promise or sensitive word."""
    plain = " ".join(text.split())
    faulty = check_sentence(plain, ["theme"], {"theme": known}, forbidden=forbidden, own_words=True)
    return faulty is None and novelty(plain, known) <= MOST_NEW_IN_COPY


def keeping_promises(
    themes: Sequence[str], offer: Offer | None, currency: str, forbidden: Collection[str], policy: Policy
) -> Ruling[tuple[str, ...]]:
    """The tested themes that can be said again: none that promises, prices or links to what this message does not."""
    told = " ".join(say_offer(offer, currency, lang) for lang in ("zh", "en"))
    broken = tuple(
        theme
        for theme in themes
        if _promises_more(theme, offer.type if offer else None, policy.texts) or hard_fault(theme, told, forbidden)
    )
    kept = tuple(theme for theme in themes if theme not in broken)
    return Ruling(kept, (Firing(Rule.PROMISE, {"count": len(broken)}),) if broken else ())


def _promises_more(theme: str, offered: OfferType | None, rule: TextRule) -> bool:
    said = theme.lower()
    others = (word for kind, words in rule.promises.items() if kind is not offered for word in words)
    return any(word in said for word in (*others, *rule.unkept))


def _amounts(text: str) -> Figures:
    """The figures of a text that are money or percentages."""
    found = figures(text)
    return Figures(tuple(q for q in found.quantities if q.unit in _MONEY), ())


def _gap(frame: Frame) -> str:
    if frame.channel is Channel.EMAIL:
        return "\n"
    return "" if frame.lang == "zh" else " "
