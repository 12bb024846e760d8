"""What the rationale of one proposal may stand on, each thing in one plain sentence, and the check against it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from app.insights.fitness import unfit
from app.insights.verify import check_sentence
from app.narrative.schemas import Claim
from app.retrieval.schemas import CampaignMatch
from app.strategy.cases import say_cases
from app.strategy.evidence import failed_alike
from app.strategy.plan import Plan
from app.strategy.request import StrategyRequest
from app.strategy.schemas import Reason
from app.strategy.weigh import action_of

Spoken = Mapping[str, str]
"""Id -> a plain sentence."""
_NONE: Spoken = MappingProxyType({})
_NO_CLAIMS: Mapping[str, Claim] = MappingProxyType({})


class Grounds(NamedTuple):
    """Past arms and claims of one request."""

    segment: Spoken = _NONE
    """`campaign_id/arm_id` -> what it did: the same for all customers of a segment, by id."""
    own: Spoken = _NONE
    """The arm that this proposal stands on, then one that warns of it; the segment may be shown them too."""
    claims: Spoken = _NONE
    """Claims that speak for the proposal."""
    known: Mapping[str, Claim] = _NO_CLAIMS
    """These claims themselves."""
    forbidden: Collection[str] = ()

    @property
    def cases(self) -> Spoken:
        """All past arms."""
        return {**self.segment, **self.own}

    def fault(self, text: str, claims: Collection[str], cases: Collection[str]) -> str | None:
        """Why a sentence may not be told of just these claims and arms; None when it may."""
        spoken = {**{_claim(name): said for name, said in self.claims.items()}, **self.cases}
        known = {_claim(name): claim for name, claim in self.known.items()}
        cited = [*map(_claim, claims), *cases]
        return check_sentence(text, cited, spoken, claims=known, forbidden=self.forbidden)

    def upholds(self, reason: Reason) -> bool:
        """Whether a reason says what its claims and some retrieved arms of its campaigns say."""
        cases = [name for name in self.cases if campaign_of(name) in reason.campaign_ids]
        if not {*reason.campaign_ids} <= {campaign_of(name) for name in cases}:
            return False
        return self.fault(reason.text, reason.claim_ids, cases) is None


def campaign_of(case: str) -> str:
    """The campaign of an arm that goes by `campaign_id/arm_id`."""
    return case.rpartition("/")[0]


def quotes(text: str) -> bool:
    """Whether a sentence repeats words that somebody else wrote; a strategy is passed on and carries none of them."""
    return any(mark in text for mark in '“「『"')


def _claim(claim_id: str) -> str:
    """A claim's id as no arm is called: theirs hold a slash within."""
    return f"claim/{claim_id}/"


def grounds_of(request: StrategyRequest, plan: Plan, rationale: Sequence[str]) -> Grounds:
    """The grounds of a plan; what touches the sensitivity list, or quotes a customer or a catalogue, is none."""
    forbidden = request.taxonomy.forbidden_words()

    def said(matches: Sequence[CampaignMatch]) -> Spoken:
        spoken = say_cases(matches, request.workspace, request.lang)
        return {name: text for name, text in spoken.items() if not unfit(text, forbidden)}

    segment = said(request.segment)
    own = {name: text for match in _own(request, plan) for name, text in said([match]).items()}
    claims = {
        name: request.spoken[name] for name in rationale if name in request.spoken and not quotes(request.spoken[name])
    }
    known = {claim.claim_id: claim for claim in request.usable_claims if claim.claim_id in claims}
    return Grounds(segment, own, claims, known, forbidden)


def _own(request: StrategyRequest, plan: Plan) -> Iterator[CampaignMatch]:
    """The arm that a plan stands on, as it was sent, then the nearest failure of its kind."""
    stood_on = action_of(plan.choice.match) if plan.choice.match and plan.choice.campaigns else None
    yield from (match for match in request.retrieval.matches if action_of(match) == stood_on)
    if plan.message.channel and (failed := failed_alike(request.retrieval, plan.message.channel, plan.message.offer)):
        yield failed
