"""The paths of one customer with what each stands on, in words and figures, for every front."""

from collections.abc import Sequence
from datetime import datetime

from app.access.schemas import Workspace
from app.predict.schemas import Action, InterventionLift, PathPoint, ValuePath, ValuePaths
from app.retrieval.schemas import CampaignMatch, Channel, EvidenceKind, Lift
from app.schema import Frozen, Lang
from app.strategy.gate.policy import Policy
from app.strategy.paths import Known
from app.strategy.wording import money, wording


class PathSource(Frozen):
    """One past arm that a lift was taken from. Amounts are minor units of order value per customer."""

    campaign_id: str
    arm_id: str
    title: str
    channel: Channel
    evidence_kind: EvidenceKind
    closeness: float
    """How near the campaign is to this customer, 0 to 1; also its weight beside the others."""
    window_days: int
    age_days: int
    measured: Lift
    """As it came out, with the sizes of both groups."""
    expected: Lift
    """What it makes us expect here: shrunk towards the other campaigns, faded by age and distance."""


class PathGround(Frozen):
    """What one path stands on, or why there is none."""

    action: Action
    name: str
    said: str
    """One sentence."""
    sources: tuple[PathSource, ...] = ()
    """Nearest first."""


class CustomerPaths(Frozen):
    """What one customer is expected to spend under each action, and on what ground. Nothing is decided by it."""

    customer_id: str
    as_of: datetime
    lang: Lang
    values: ValuePaths
    grounds: tuple[PathGround, ...]
    """One for each action, in the order of the paths."""
    notes: tuple[str, ...]
    """What a reader should know, one sentence each."""

    def shown(self) -> tuple[tuple[ValuePath, PathGround], ...]:
        """Each path with its ground; none without an estimate."""
        return tuple(zip(self.values.paths, self.grounds, strict=False))


def tell_paths(
    customer_id: str,
    values: ValuePaths,
    known: Sequence[Known],
    *,
    workspace: Workspace,
    policy: Policy,
    as_of: datetime,
    lang: Lang,
) -> CustomerPaths:
    """The same answer in either language; only sentences and names differ."""
    teller = _Teller(lang, workspace.currency, policy)
    return CustomerPaths(
        customer_id=customer_id,
        as_of=as_of,
        lang=lang,
        values=values,
        grounds=(teller.alone(values), *(teller.ground(lift, values) for lift in known)),
        notes=teller.notes(values, known),
    )


class _Teller:
    def __init__(self, lang: Lang, currency: str, policy: Policy) -> None:
        self._words = wording(lang).paths
        self._lang, self._currency, self._policy = lang, currency, policy

    def alone(self, values: ValuePaths) -> PathGround:
        if not values.paths:
            return self._ground("no_action", self._words["no_estimate"])
        last = values.paths[0].points[-1]
        said = self._words["alone"].format(days=values.horizon_days, value=self._money(last.expected_minor))
        return self._ground("no_action", said + self._spread(values))

    def ground(self, known: Known, values: ValuePaths) -> PathGround:
        gap = known.gap or ("no_estimate" if not values.paths else None)
        if known.lift is None or gap:
            said = self._words[gap or "no_estimate"].format(name=self._words[known.kind], least=self._policy.min_group)
            return self._ground(known.kind, said, known.matches)
        path = next(path for path in values.paths if path.action == known.kind)
        said = self._words["lift"].format(
            name=self._words[known.kind],
            days=values.horizon_days,
            window=known.lift.window_days,
            campaigns=len(known.lift.campaigns),
            treated=f"{sum(match.lift.treated_n for match in known.matches):,}",
            **self._gain(path.gains[-1]),
        )
        unsure = self._words["unsure"] if path.gains[-1].low_minor <= 0 else ""
        return self._ground(known.kind, said + unsure + self._cost(known.lift), known.matches)

    def notes(self, values: ValuePaths, known: Sequence[Known]) -> tuple[str, ...]:
        if not values.paths:
            return ()
        lifts = [found.lift for found in known if found.lift]
        kinds = {match.campaign.evidence_kind for found in known for match in found.matches}
        asked = {
            "average": bool(lifts),
            "window": bool(lifts),
            values.basis: True,
            "costs": bool(lifts),
            "what_if": True,
            "not_randomised": not all(lift.randomised for lift in lifts),
            "simulated": "simulated" in kinds,
        }
        return tuple(self._words[f"note_{name}"] for name, wanted in asked.items() if wanted)

    def _ground(self, action: Action, said: str, matches: Sequence[CampaignMatch] = ()) -> PathGround:
        sources = tuple(_source(match, self._lang) for match in matches)
        return PathGround(action=action, name=self._words[action], said=said, sources=sources)

    def _spread(self, values: ValuePaths) -> str:
        if values.q10_minor is None or values.q90_minor is None:
            return ""
        if not values.q90_minor:
            return self._words["spread_none"]
        return self._words["spread"].format(low=self._money(values.q10_minor), high=self._money(values.q90_minor))

    def _gain(self, gain: PathPoint) -> dict[str, str]:
        amounts = {"mean": gain.expected_minor, "low": gain.low_minor, "high": gain.high_minor}
        return {name: self._money(amount) for name, amount in amounts.items()}

    def _cost(self, lift: InterventionLift) -> str:
        return "" if lift.cost_minor is None else self._words["cost"].format(cost=self._money(lift.cost_minor))

    def _money(self, amount: float) -> str:
        return money(amount, self._currency, self._lang)


def _source(match: CampaignMatch, lang: Lang) -> PathSource:
    return PathSource(
        campaign_id=match.campaign.campaign_id,
        arm_id=match.arm.arm_id,
        title=match.campaign.title_in(lang),
        channel=match.arm.channel,
        evidence_kind=match.campaign.evidence_kind,
        closeness=match.closeness,
        window_days=match.campaign.window_days,
        age_days=match.age_days,
        measured=match.lift,
        expected=match.expected,
    )
