"""A strategy for one customer made into a campaign for all who are in the same situation."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.access.schemas import Workspace
from app.profile.schemas import Lifecycle, RfmClass, lifecycle_of
from app.retrieval.schemas import Arm, Audience, Campaign, EvidenceKind, Objective
from app.strategy.drafts import Voice, dressed, write_themes
from app.strategy.gate.policy import Policy
from app.strategy.running.assigning import share_out
from app.strategy.schemas import Strategy, Theme
from app.strategy.themes import Idea, Subject
from app.strategy.wording import say_offer
from app.text.taxonomy import Taxonomy

WINDOW_DAYS = 14
"""For how long outcomes count, where no past campaign says otherwise."""
LEAST_HELD = 5
"""Customers that one expects to be left in peace of a segment that is large enough to learn from."""
_WANTS = "10%"
"""Share of present interest from which somebody wants a topic."""
_DAY = timedelta(days=1)
_LEAST_SENDING = timedelta(minutes=1)


class Terms(NamedTuple):
    """What a person may say otherwise when approving; None: as the strategy has it."""

    audience: str | None = None
    """A segment expression."""
    holdout_share: float | None = None
    window_days: int | None = None
    starts_at: datetime | None = None


def texts_of(strategy: Strategy, workspace: Workspace, policy: Policy, taxonomy: Taxonomy) -> tuple[Theme, ...]:
    """What can be said to everybody, the first of it is sent: the strategy's themes that are not one person's own.

    Where all of them speak of the customer's own cart or absence, the composer's general words stand in.
    """
    general = tuple(theme for theme in strategy.themes if not theme.personal)
    if general:
        return general
    subjects = [Subject(Idea.TESTED_UNNAMED, next((t.topic for t in strategy.themes if t.topic), None))]
    voice = Voice(
        shop=workspace.sender,
        channel=strategy.channel,
        offer=say_offer(strategy.offer, workspace.currency, strategy.lang),
        lang=strategy.lang,
        customer_id=strategy.customer_id,
        link=policy.texts.unsubscribe_link,
    )
    return dressed(write_themes(subjects, voice, taxonomy), subjects, voice)


def expressions_of(strategy: Strategy, texts: Sequence[Theme], lifecycle: Lifecycle | None) -> tuple[str, ...]:
    """Segments that a strategy's texts are meant for, the nearest to its own customer first.

    Those of the same lifecycle who want most what the message speaks of; then all who want it at all. A message that
    speaks of nothing in particular is for the whole lifecycle, then for everybody. Always: open to its channel.
    """
    topic = texts[0].topic
    same = f"lifecycle = {lifecycle}" if lifecycle else "orders = 0"
    near = [same, f"top_interest = {topic}"] if topic else [same]
    wide = [f"interest({topic}) >= {_WANTS}"] if topic else []
    consent = f"consent({strategy.channel})"
    return " and ".join([*near, consent]), " and ".join([*wide, consent])


def campaign_of(
    strategy: Strategy,
    texts: Sequence[Theme],
    *,
    objective: Objective,
    lifecycle: Lifecycle | None,
    holdout_share: float,
    window_days: int,
    evidence_kind: EvidenceKind,
    starts_at: datetime,
    send_at: datetime,
    by: str,
) -> Campaign:
    """One arm, that of the strategy, against a holdout. `eligible_n` is known once its members are.

    `lifecycle` is that of all whom it addresses; None when they are of several.
    """
    assert strategy.channel is not None  # an abstention has no campaign
    arm = Arm(
        arm_id=f"{strategy.channel}-{strategy.offer.type if strategy.offer else 'plain'}",
        channel=strategy.channel,
        offer=strategy.offer,
        themes=tuple(theme.title for theme in texts),
        timing=f"{send_at:%A %H:%M}",
    )
    return Campaign(
        campaign_id=f"{starts_at:%y%m%d}-{objective}-{_short(strategy.decision_id)}",
        evidence_kind=evidence_kind,
        title=texts[0].title,
        objective=objective,
        audience=Audience(rfm_classes=_classes(lifecycle), topics=_topics(texts)),
        eligible_n=0,
        arms=share_out([arm], holdout_share),
        holdout_share=holdout_share,
        window_days=window_days,
        starts_at=starts_at,
        ends_at=max(send_at, starts_at + _LEAST_SENDING),
        approved_by=by,
    )


def enough_held(share: float, members: int) -> float:
    """The holdout's share, raised for a small segment until so many are expected in it, up to one half."""
    return max(share, min(0.5, LEAST_HELD / members)) if members else share


def sending_at(strategy: Strategy, *, after: datetime, zone: ZoneInfo) -> datetime:
    """The strategy's moment, or the same time of day on the first day after `after`: the hour was chosen with care."""
    local, moment = after.astimezone(zone), strategy.timing.at.astimezone(zone)
    if moment > after:
        return moment
    today = moment.replace(year=local.year, month=local.month, day=local.day)
    return today if today > after else today + _DAY


def _topics(texts: Sequence[Theme]) -> tuple[str, ...]:
    """The topic that the message speaks of; the other texts stay unsent."""
    return (texts[0].topic,) if texts[0].topic else ()


def _classes(lifecycle: Lifecycle | None) -> tuple[RfmClass, ...]:
    return tuple(c for c in RfmClass if lifecycle is not None and lifecycle_of(c) is lifecycle)


def _short(decision_id: str) -> str:
    return hashlib.blake2s(decision_id.encode(), digest_size=5).hexdigest()
