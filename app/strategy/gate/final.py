"""The last look at a whole strategy, whoever drafted it: nothing leaves that the facts of the case do not allow.

`gate(draft, facts)` compares every field that a model or a person could have touched with what code knows and decided.
An obedient, fully taken over model is stopped here: its channel, hour, offer, amounts, links, numbers, campaign ids
and subjects are replaced by ours, or the strategy stands still.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.retrieval.schemas import Channel
from app.strategy.gate.moments import permitted_moment
from app.strategy.gate.policy import Policy
from app.strategy.gate.schemas import Firing, Rule, Ruling
from app.strategy.gate.texts import Frame, carrying, fits, hard_fault, says_no_more
from app.strategy.grounds import Grounds
from app.strategy.schemas import Strategy, Theme
from app.text.taxonomy import Taxonomy


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What code knows and decided about one case; nothing of it comes from a model."""

    ours: Strategy
    """The strategy as code alone would have it; its channel None means that the customer is left in peace."""
    composed: tuple[Theme, ...]
    """The three themes in the composer's words, before a channel dresses them."""
    told: tuple[str, ...]
    """What each of them says of the offer; empty where it sells nothing."""
    open_channels: tuple[Channel, ...]
    """All on which they may be reached; a draft may choose another one of these."""
    campaigns: frozenset[str]
    """Campaigns that were retrieved."""
    claims: frozenset[str]
    """Claims that may be spoken of."""
    grounds: Grounds
    """What a rationale may say."""
    shop: str
    zone: ZoneInfo
    policy: Policy
    taxonomy: Taxonomy


class Gated(NamedTuple):
    """What may leave, and what had to be changed for it."""

    strategy: Strategy
    fired: tuple[Firing, ...]


_Check = Callable[[Strategy, Facts], Ruling[Strategy]]


def gate(draft: Strategy, facts: Facts) -> Gated:
    """The strategy as it may leave. A draft that breaks no rule comes back as it is."""

    def step(so_far: Gated, check: _Check) -> Gated:
        ruling = check(so_far.strategy, facts)
        return Gated(ruling.value, so_far.fired + ruling.fired)

    return reduce(step, _CHECKS, Gated(draft, ()))


def _set_by_code(draft: Strategy, facts: Facts) -> Ruling[Strategy]:
    """Who, when, how it is measured, why, and above all the status: approving is for people, after this."""
    ours = {name: getattr(facts.ours, name) for name in _SET_BY_CODE}
    if all(getattr(draft, name) == value for name, value in ours.items()):
        return Ruling(draft)
    return Ruling(draft.model_copy(update=ours), (Firing(Rule.STATUS, {}),))


def _channel(draft: Strategy, facts: Facts) -> Ruling[Strategy]:
    decided = facts.ours.channel
    if draft.channel == decided or (decided is not None and draft.channel in facts.open_channels):
        return Ruling(draft)
    named = () if decided is None else (decided,)
    changed = draft.model_copy(update={"channel": decided})
    return Ruling(changed, (Firing(Rule.FOREIGN_CHANNEL, {"channels": named}),))


def _offer(draft: Strategy, facts: Facts) -> Ruling[Strategy]:
    """The only offer there is: the one that margin and budget left."""
    if draft.offer == facts.ours.offer:
        return Ruling(draft)
    return Ruling(draft.model_copy(update={"offer": facts.ours.offer}), (Firing(Rule.FOREIGN_OFFER, {}),))


def _moment(draft: Strategy, facts: Facts) -> Ruling[Strategy]:
    """Never before the case was looked at, never in quiet hours, never on a day that the calendar keeps back."""
    if draft.channel is None:
        return Ruling(draft)
    at = max(draft.timing.at, facts.ours.as_of)
    ruled = permitted_moment(at, draft.channel, facts.zone, facts.policy, with_offer=draft.offer is not None)
    if ruled.value is None:
        return Ruling(_not_sent(draft), ruled.fired)
    timing = draft.timing.model_copy(update={"at": ruled.value})
    return Ruling(draft.model_copy(update={"timing": timing}), ruled.fired)


def _grounds(draft: Strategy, facts: Facts) -> Ruling[Strategy]:
    """Only campaigns that were retrieved and claims that exist."""
    campaigns = tuple(c for c in draft.campaigns if c in facts.campaigns)
    claims = tuple(c for c in draft.rationale if c in facts.claims)
    fired: list[Firing] = []
    if campaigns != draft.campaigns:
        fired.append(Firing(Rule.FOREIGN_CAMPAIGN, {"count": len(draft.campaigns) - len(campaigns)}))
    if claims != draft.rationale:
        fired.append(Firing(Rule.FOREIGN_CLAIM, {"count": len(draft.rationale) - len(claims)}))
    return Ruling(draft.model_copy(update={"campaigns": campaigns, "rationale": claims}), tuple(fired))


def _reasons(draft: Strategy, facts: Facts) -> Ruling[Strategy]:
    """The rationale in its own words where each of them holds, else ours."""
    ours, said = facts.ours.rationale_told, draft.rationale_told
    if said == ours or (said and all(reason in ours or facts.grounds.upholds(reason) for reason in said)):
        return Ruling(draft)
    changed = sum(reason not in ours for reason in said)
    return Ruling(draft.model_copy(update={"rationale_told": ours}), (Firing(Rule.WORDING, {"count": changed}),))


def _texts(draft: Strategy, facts: Facts) -> Ruling[Strategy]:
    """Each theme in its own words where they hold, else in the composer's."""
    kept = tuple(
        theme if _may_say(theme, place, draft, facts) else _ours(place, draft, facts)
        for place, theme in enumerate(draft.themes)
    )
    changed = sum(theme != before for theme, before in zip(kept, draft.themes, strict=True))
    fired = (Firing(Rule.WORDING, {"count": changed}),) if changed else ()
    return Ruling(draft.model_copy(update={"themes": kept}), fired)


def _ours(place: int, draft: Strategy, facts: Facts) -> Theme:
    """The composer's theme as the draft's channel shows it."""
    theme, frame = facts.composed[place], _frame(draft, facts)
    return theme.model_copy(update={"draft": frame.around(theme.draft, facts.told[place])}) if frame else theme


def _may_say(theme: Theme, place: int, draft: Strategy, facts: Facts) -> bool:
    """Whether title and text hold; what is the composer's own was checked when it was made."""
    ours, frame = facts.composed[place], _frame(draft, facts)
    if theme == _ours(place, draft, facts):
        return True
    known = f"{ours.title} {ours.draft} {facts.told[place]}"
    said = frame.within(theme.draft) if frame else theme.draft
    new = [text for text in (theme.title, said) if text not in (ours.title, ours.draft)]
    return len(theme.title) <= facts.policy.texts.max_title and all(_holds(text, known, facts) for text in new)


def _holds(text: str, known: str, facts: Facts) -> bool:
    forbidden = facts.taxonomy.forbidden_words()
    return not hard_fault(text, known, forbidden) and says_no_more(text, known, forbidden)


def _carried(draft: Strategy, facts: Facts) -> Ruling[Strategy]:
    """Signature and unsubscribe words where they are missing; the composer's words where a text is too long.

    When even these are too long, nothing is sent.
    """
    frame = _frame(draft, facts)
    if frame is None:
        return Ruling(draft)
    carried = [carrying(theme.draft, frame) for theme in draft.themes]
    fired = tuple({firing.rule: firing for ruling in carried for firing in ruling.fired}.values())
    themes = [theme.model_copy(update={"draft": r.value}) for theme, r in zip(draft.themes, carried, strict=True)]
    long = [place for place, theme in enumerate(themes) if not fits(theme.draft, frame.channel, facts.policy)]
    for place in long:
        themes[place] = _ours(place, draft, facts)
    if long:
        limit = facts.policy.texts.max_length[frame.channel]
        fired += (Firing(Rule.LENGTH, {"count": len(long), "limit": limit, "channels": (frame.channel,)}),)
    changed = draft.model_copy(update={"themes": tuple(themes)})
    fit = all(fits(theme.draft, frame.channel, facts.policy) for theme in themes)
    return Ruling(changed if fit else _not_sent(changed), fired)


def _not_sent(draft: Strategy) -> Strategy:
    return draft.model_copy(update={"channel": None, "offer": None, "status": "abstained"})


def _frame(draft: Strategy, facts: Facts) -> Frame | None:
    if draft.channel is None:
        return None
    return Frame(facts.shop, draft.channel, draft.lang, facts.policy.texts.unsubscribe_link)


_SET_BY_CODE = (
    "decision_id", "customer_id", "as_of", "lang", "metric", "holdout_share", "risk", "confidence", "why_for_customer",
    "ai_label", "status", "status_reason",
)  # fmt: skip
_CHECKS: tuple[_Check, ...] = (_set_by_code, _channel, _offer, _moment, _grounds, _reasons, _texts, _carried)
