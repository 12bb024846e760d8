"""The choice itself: which action on which channel, from retrieved outcomes. It knows no words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from app.privacy.consent import ConsentLike
from app.retrieval.schemas import CampaignMatch, Channel, KindLifts, Retrieval
from app.retrieval.situation import speaks_to
from app.strategy.gate.contact import Contacts, open_channels
from app.strategy.gate.policy import Policy
from app.strategy.gate.schemas import Firing
from app.strategy.gate.subjects import relevant_campaigns
from app.strategy.power import Measurement
from app.strategy.schemas import Candidate
from app.strategy.steps import as_far_as_pays
from app.strategy.weigh import NO_CONTACT, Terms, Weighed, best_first, best_of_kinds, first_test, weigh

Reason = Literal[
    "from_outcomes",
    "first_test",
    "nearest_too_far",
    "unrelated",
    "nothing_pays",
    "too_small",
    "no_channel",
    "no_moment",
    "unfit",
    "complaint",
    "suppressed",
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
    cited: Candidate = NO_CONTACT
    """That arm as it was weighed."""
    fired: tuple[Firing, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether the channel is another than the one that the past arm was measured on."""
        return self.channel is not None and self.match is not None and self.channel != self.match.arm.channel

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The campaign that it stands on; one about other topics is no ground."""
        return () if self.match is None or self.reason == "unrelated" else (self.match.campaign.campaign_id,)


class FirstTest(NamedTuple):
    """What a shop without past outcomes would measure first."""

    measurement: Measurement
    basket: float = 0.0
    """Mean order of the shop's customers, minor units; not of the one who is asked about."""


def stand_still(choice: Choice, reason: Reason, fired: tuple[Firing, ...]) -> Choice:
    """Nothing, whatever would have been chosen, because a rule says so."""
    return Choice(reason=reason, candidates=choice.candidates, fired=fired)


def choose(
    retrieval: Retrieval,
    consents: Sequence[ConsentLike],
    *,
    topics: Sequence[str],
    test: FirstTest,
    contacts: Contacts,
    terms: Terms,
    policy: Policy,
) -> Choice:
    """What surely pays, on a channel that is open, and no further than surely pays more; else a first test, or nothing.

    An action surely pays when the lower bound of its expected margin lies above no contact. A message must surely
    earn more than a card on the site, and an offer more than the same without. Of campaigns about
    topics, only those that share one of `topics` are acted on.
    """
    if retrieval.abstained == "no_past_outcomes":
        return _first_test(test, consents, contacts, terms, policy)
    if not retrieval.matches:
        return Choice(reason="nearest_too_far")
    weighed = weigh(retrieval.matches, terms, policy)
    return _from_outcomes(weighed, retrieval.kinds, consents, topics, contacts, policy)


def _from_outcomes(
    weighed: Sequence[Weighed],
    kinds: KindLifts | None,
    consents: Sequence[ConsentLike],
    topics: Sequence[str],
    contacts: Contacts,
    policy: Policy,
) -> Choice:
    paying = best_first(weighed)
    sure = [w for w in paying if w.smaller_group >= policy.min_group]
    relevant = relevant_campaigns([w.match.campaign for w in sure], topics)
    winners = [w for w in sure if w.match.campaign.campaign_id in relevant.value]
    choice = (
        _best_open(winners, kinds, consents, contacts, policy)
        if winners
        else _standing_still(sure or weighed, paying, topics)
    )
    shown = [w.candidate for w in best_of_kinds(weighed)]
    cited = () if choice.cited in (NO_CONTACT, *shown) else (choice.cited,)
    return replace(choice, candidates=(NO_CONTACT, *shown, *cited), fired=relevant.fired + choice.fired)


def _standing_still(weighed: Sequence[Weighed], paying: Sequence[Weighed], topics: Sequence[str]) -> Choice:
    """Nothing, on account of the arm that came nearest to being chosen."""
    related = [w for w in weighed if speaks_to(w.match.campaign, topics)]
    nearest = max(related or weighed, key=lambda w: w.candidate.low)
    if not related:
        return Choice(reason="unrelated", match=nearest.match, cited=nearest.candidate)
    reason: Reason = "too_small" if nearest in paying else "nothing_pays"
    return Choice(reason=reason, match=nearest.match, cited=nearest.candidate)


def _best_open(
    winners: Sequence[Weighed],
    kinds: KindLifts | None,
    consents: Sequence[ConsentLike],
    contacts: Contacts,
    policy: Policy,
) -> Choice:
    """The winner that goes as far as surely pays on open channels; the best on another channel when none is open."""
    wanted = [w.match.arm.channel for w in winners]
    channels = open_channels([*wanted, Channel.ONSITE], consents, contacts, policy)
    if not channels.value:
        return Choice(reason="no_channel", fired=channels.fired)
    open_ = [w for w in winners if w.match.arm.channel in channels.value]
    taken = as_far_as_pays(open_ or winners, kinds)
    own = taken.match.arm.channel
    return Choice(
        reason="from_outcomes",
        chosen=taken.candidate,
        channel=own if own in channels.value else channels.value[0],
        match=taken.match,
        cited=taken.candidate,
        fired=channels.fired,
    )


def _first_test(
    test: FirstTest, consents: Sequence[ConsentLike], contacts: Contacts, terms: Terms, policy: Policy
) -> Choice:
    channels = open_channels(policy.first_test.channels, consents, contacts, policy)
    if not channels.value:
        return Choice(reason="no_channel", fired=channels.fired)
    channel = channels.value[0]
    proposed = first_test(test.basket, test.measurement, channel, terms, policy)
    return Choice(
        reason="first_test",
        candidates=(NO_CONTACT, proposed),
        chosen=proposed,
        channel=channel,
        fired=channels.fired,
    )
