"""Strategy requests for tests: real search over made cases, real policy, real taxonomy."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from app.access.schemas import Workspace
from app.config import ROOT
from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit
from app.predict.schemas import ChurnEstimate, LtvEstimate
from app.profile.schemas import Profile
from app.retrieval.index import ExactIndex
from app.retrieval.schemas import Case
from app.retrieval.search import CampaignSearch
from app.retrieval.situation import situation_of
from app.schema import Lang
from app.strategy.gate.contact import Contacts
from app.strategy.gate.margins import UNKNOWN, Margins
from app.strategy.gate.offers import NOTHING_SPENT, Spent
from app.strategy.gate.policy import Policy, load_policy
from app.strategy.request import StrategyRequest
from app.strategy.timing import Activity
from app.text.embedder import HashingEmbedder
from tests.factories_campaigns import AS_OF, real_taxonomy
from tests.factories_profiles import profile_of

SHOP = Workspace(workspace_id="shop")

LTV = LtvEstimate(
    value=20_000,
    median=15_000,
    q10=0,
    q90=50_000,
    horizon_days=180,
    currency="CNY",
    model_card_id="m",
    calibration=None,
    confidence="medium",
)
CHURN = ChurnEstimate(p_no_purchase=0.7, churn_risk=0.6, horizon_days=90)

NO_LTV = LtvEstimate(
    value=None,
    median=None,
    q10=None,
    q90=None,
    horizon_days=180,
    currency="CNY",
    model_card_id=None,
    calibration=None,
    confidence=None,
    status="not_enough_data",
    missing=("orders",),
)
NO_CHURN = ChurnEstimate(
    p_no_purchase=None, churn_risk=None, horizon_days=90, status="not_enough_data", missing=("orders",)
)


@cache
def real_policy() -> Policy:
    return load_policy(ROOT / "knowledge_base" / "policy.yaml")


def claim_of(
    claim_id: str,
    predicate: Predicate,
    *,
    value: float | None = None,
    topic: str | None = None,
    direction: str | None = None,
    item_id: str | None = None,
    reading: str | None = None,
    sensitivity: str = "none",
) -> Claim:
    return Claim(
        claim_id=claim_id,
        kind=ClaimKind.AGGREGATE,
        predicate=predicate,
        subject="cu_1",
        value=value,
        unit=Unit.COUNT,
        as_of=AS_OF,
        topic=topic,
        direction=direction,
        item_id=item_id,
        reading=reading,
        sensitivity=sensitivity,
    )


def activity_at(*hours: int, weekday: int = 4, times: int = 6) -> Activity:
    """Active `times` times in each of these local hours, always on the same weekday."""
    counts = [times * hours.count(h) for h in range(24)]
    weekdays = [sum(counts) if day == weekday else 0 for day in range(7)]
    return Activity(hours=tuple(counts), weekdays=tuple(weekdays))


def request_of(
    cases: Sequence[Case] = (),
    *,
    profile: Profile | None = None,
    lang: Lang = "zh",
    claims: tuple[Claim, ...] = (),
    activity: Activity | None = None,
    contacts: Contacts = Contacts(),
    ltv: LtvEstimate = LTV,
    churn: ChurnEstimate = CHURN,
    purchase_rate: float | None = 0.3,
    item_topics: Mapping[str, str] | None = None,
    audience_size: int | None = None,
    usual_basket: float = 15_000.0,
    margins: Margins = UNKNOWN,
    spent: Spent = NOTHING_SPENT,
    policy: Policy | None = None,
) -> StrategyRequest:
    profile = profile or profile_of()
    item_topics = item_topics or {}
    situation = situation_of(profile, claims=claims, item_topics=item_topics)
    search = CampaignSearch(HashingEmbedder(), ExactIndex, real_taxonomy())
    return StrategyRequest(
        workspace=SHOP,
        profile=profile,
        ltv=ltv,
        churn=churn,
        purchase_rate=purchase_rate,
        claims=claims,
        retrieval=search.search(cases, situation, as_of=profile.as_of),
        activity=activity or Activity(),
        contacts=contacts,
        policy=policy or real_policy(),
        taxonomy=real_taxonomy(),
        decision_id="dec_1",
        lang=lang,
        item_topics=item_topics,
        audience_size=audience_size,
        usual_basket=usual_basket,
        margins=margins,
        spent=spent,
    )


def offering(request: StrategyRequest) -> StrategyRequest:
    """The request with arms that are sent with their offer or not at all, for tests about what becomes of an offer."""
    matches = tuple(match.model_copy(update={"plain": None}) for match in request.retrieval.matches)
    return replace(request, retrieval=request.retrieval.model_copy(update={"matches": matches}))
