"""The choice itself: which action on which channel, from retrieved outcomes. It knows no words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.profile.schemas import Profile
from app.retrieval.schemas import CampaignMatch, Channel, Retrieval
from app.retrieval.situation import speaks_to
from app.strategy.policy import Firing, Policy, Ruling, relevant_campaigns, with_consent, within_frequency
from app.strategy.power import Measurement
from app.strategy.schemas import Candidate
from app.strategy.weigh import NO_CONTACT, Weighed, best_first, first_test, weigh

Reason = Literal[
    "from_outcomes",
    "first_test",
    "nearest_too_far",
    "unrelated",
    "nothing_pays",
    "too_small",
    "no_channel",
    "complaint",
]
"""Why this was chosen; each has its sentence in the wording files."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One action among its candidates."""

    reason: Reason
    candidates: tuple[Candidate, ...] = (NO_CONTACT,)
    chosen: Candidate = NO_CONTACT
    channel: Channel | None = None
    """None when the customer is left in peace."""
    match: CampaignMatch | None = None
    """The past arm that it stands on, or that came nearest to paying."""
    fired: tuple[Firing, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether the channel is another than the one that the past arm was measured on."""
        return self.channel is not None and self.match is not None and self.channel != self.match.arm.channel

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The campaign that it stands on; one about other topics is no ground."""
        return () if self.match is None or self.reason == "unrelated" else (self.match.campaign.campaign_id,)


def serve_first(choice: Choice, complaint: Firing) -> Choice:
    """Nothing, whatever would have been chosen: somebody who complained is not promoted to."""
    return Choice(reason="complaint", candidates=choice.candidates, fired=(complaint,))


def choose(
    retrieval: Retrieval,
    profile: Profile,
    *,
    topics: Sequence[str],
    test: Measurement,
    recent_contacts: int,
    policy: Policy,
) -> Choice:
    """The best lower bound above no contact on a channel that is open; else a first test, or nothing.

    Of campaigns about topics, only those that share one of `topics` are acted on.
    """
    if retrieval.abstained == "no_past_outcomes":
        return _first_test(profile, test, recent_contacts, policy)
    if not retrieval.matches:
        return Choice(reason="nearest_too_far")
    return _from_outcomes(weigh(retrieval.matches, policy), profile, topics, recent_contacts, policy)


def _from_outcomes(
    weighed: Sequence[Weighed], profile: Profile, topics: Sequence[str], recent_contacts: int, policy: Policy
) -> Choice:
    paying = best_first(weighed)
    sure = [w for w in paying if w.smaller_group >= policy.min_group]
    relevant = relevant_campaigns([w.match.campaign for w in sure], topics)
    winners = [w for w in sure if w.match.campaign.campaign_id in relevant.value]
    if winners:
        choice = _best_open(winners, profile, recent_contacts, policy)
    else:
        choice = _standing_still(sure or weighed, paying, topics)
    candidates = (NO_CONTACT, *(w.candidate for w in weighed))
    return replace(choice, candidates=candidates, fired=relevant.fired + choice.fired)


def _standing_still(weighed: Sequence[Weighed], paying: Sequence[Weighed], topics: Sequence[str]) -> Choice:
    """Nothing, on account of the arm that came nearest to being chosen."""
    related = [w for w in weighed if speaks_to(w.match.campaign, topics)]
    nearest = max(related or weighed, key=lambda w: w.candidate.low)
    if not related:
        return Choice(reason="unrelated", match=nearest.match)
    return Choice(reason="too_small" if nearest in paying else "nothing_pays", match=nearest.match)


def _best_open(winners: Sequence[Weighed], profile: Profile, recent_contacts: int, policy: Policy) -> Choice:
    """The first of the winners on a channel that is open; on another channel when none of theirs is."""
    wanted = [w.match.arm.channel for w in winners]
    channels = _open_channels([*wanted, Channel.ONSITE], profile, recent_contacts, policy)
    if not channels.value:
        return Choice(reason="no_channel", fired=channels.fired)
    taken = next((w for w in winners if w.match.arm.channel in channels.value), winners[0])
    own = taken.match.arm.channel
    return Choice(
        reason="from_outcomes",
        chosen=taken.candidate,
        channel=own if own in channels.value else channels.value[0],
        match=taken.match,
        fired=channels.fired,
    )


def _first_test(profile: Profile, test: Measurement, recent_contacts: int, policy: Policy) -> Choice:
    channels = _open_channels(policy.first_test.channels, profile, recent_contacts, policy)
    if not channels.value:
        return Choice(reason="no_channel", fired=channels.fired)
    channel = channels.value[0]
    proposed = first_test(profile, test, channel, policy)
    return Choice(
        reason="first_test",
        candidates=(NO_CONTACT, proposed),
        chosen=proposed,
        channel=channel,
        fired=channels.fired,
    )


def _open_channels(
    wanted: Iterable[Channel], profile: Profile, recent_contacts: int, policy: Policy
) -> Ruling[tuple[Channel, ...]]:
    """The wanted channels, best first, that consent and frequency leave open."""
    agreed = with_consent(tuple(dict.fromkeys(wanted)), profile.consents, policy)
    left = within_frequency(agreed.value, recent_contacts, policy)
    return Ruling(left.value, agreed.fired + left.fired)
