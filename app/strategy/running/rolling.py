"""From the log's orders to a campaign's outcomes. Pure, and computed whole each time, so that late events need no care.

What is kept are sums over customers, as of every past campaign; lifts follow from them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np

from app.profile.schemas import RfmClass
from app.retrieval.outcomes import is_measured, measured_lift
from app.retrieval.schemas import Arm, Channel, Outcome
from app.strategy.running.assigning import Standing
from app.strategy.running.comparing import Group, adjusted_lift, balance, pooled_theta, share_difference
from app.strategy.running.schemas import HOLDOUT, Balance, Caution, Member, NoLift, Result, RollUp, Run
from app.strategy.running.spending import Ledger

DAYS_BEFORE = 90
"""Most days before a campaign whose purchases explain those within it."""
EVERYBODY = "all"
_LEAST = 2
"""Customers on a side from which there is a lift."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a roll-up is made from, beside the campaign."""

    standing: Standing
    after: Ledger
    """Orders net of the refunds that are known now."""
    before: Ledger
    """The same net of the refunds known when the campaign began: those that came later it may have caused."""
    first_at: datetime | None
    """When the log begins."""
    contact_cost: Mapping[Channel, float]
    """Minor units for one message."""


def roll_up(run: Run, ground: Ground, *, as_of: datetime) -> RollUp:
    """Every arm against its holdout, for everybody and for each segment, as far as `as_of` shows."""
    rolling = _Rolling(run, ground, as_of)
    results = tuple(result for arm in run.campaign.arms for result in rolling.results(arm))
    return RollUp(
        campaign_id=run.campaign.campaign_id,
        as_of=as_of,
        closes_at=run.closes_at,
        preliminary=rolling.preliminary,
        balance=rolling.balance,
        contaminated=len(ground.standing.contaminated),
        results=results,
        cautions=tuple(rolling.cautions(results)),
    )


@dataclass(frozen=True)
class _Rolling:
    """One roll-up under way."""

    run: Run
    ground: Ground
    as_of: datetime

    @property
    def preliminary(self) -> bool:
        """Whether the window has not closed yet."""
        return self.as_of < self.run.closes_at

    @cached_property
    def members(self) -> dict[str, Member]:
        """Those who count, by the customer that they are now."""
        standing = self.ground.standing
        return {name: m for name, m in sorted(standing.members.items()) if name not in standing.contaminated}

    @cached_property
    def days_before(self) -> int:
        """The stretch before the campaign, up to DAYS_BEFORE; 0 when there is less of it than of the window."""
        first, starts = self.ground.first_at, self.run.campaign.starts_at
        days = min((starts - first).days, DAYS_BEFORE) if first else 0
        return days if days >= self.run.campaign.window_days else 0

    @cached_property
    def theta(self) -> float | None:
        """Pooled over all groups of the campaign; None where history allows none."""
        names: dict[tuple[str | None, bool], list[str]] = {}
        for name, member in self.members.items():
            names.setdefault((member.arm_id, member.held), []).append(name)
        return pooled_theta([self._group(theirs) for theirs in names.values()]) if self.days_before else None

    @cached_property
    def balance(self) -> Balance:
        """Sizes against declared shares: of arms and holdout, or of given and held out where arms were planned."""
        campaign, members = self.run.campaign, self.members.values()
        held = sum(m.held for m in members)
        if any(m.held and m.arm_id for m in members) or not any(m.arm_id is None for m in members):
            shares = {"given": 1.0 - campaign.holdout_share, HOLDOUT: campaign.holdout_share}
            return balance({"given": len(members) - held, HOLDOUT: held}, shares)
        shares = {arm.arm_id: arm.propensity for arm in campaign.arms} | {HOLDOUT: campaign.holdout_share}
        counted = {arm.arm_id: sum(m.arm_id == arm.arm_id for m in members) for arm in campaign.arms}
        return balance(counted | {HOLDOUT: held}, shares)

    def results(self, arm: Arm) -> Iterator[Result]:
        """For everybody, then for each segment that has somebody on both sides."""
        sides = self._sides(arm)
        yield self._result(arm, EVERYBODY, sides)
        for segment in RfmClass:
            picked = [[name for name in side if self.members[name].segment == segment] for side in sides]
            if all(picked):
                yield self._result(arm, segment.value, picked)

    def cautions(self, results: Sequence[Result]) -> Iterator[Caution]:
        """What a reader must know before the figures."""
        if self.preliminary:
            yield "preliminary"
        if not self.balance.ok:
            yield "unbalanced"
        if self.run.stopped:
            yield "stopped"
        if not any(member.handed_at for member in self.members.values()):
            yield "nothing_handed_out"
        if self.ground.standing.contaminated:
            yield "merged"
        everybody = [result.outcome for result in results if result.segment == EVERYBODY]
        if any(min(outcome.treated_n, outcome.control_n) < _LEAST for outcome in everybody):
            yield "too_small"

    def _sides(self, arm: Arm) -> list[list[str]]:
        """Those who got the arm, and those held out from it: from this one by plan, or from all."""
        treated = [name for name, m in self.members.items() if not m.held and m.arm_id == arm.arm_id]
        control = [name for name, m in self.members.items() if m.held and m.arm_id in (None, arm.arm_id)]
        return [treated, control]

    def _result(self, arm: Arm, segment: str, sides: Sequence[Sequence[str]]) -> Result:
        treated, control = (self._group(side) for side in sides)
        outcome = self._outcome(arm, segment, treated, control, names=sides[0])
        theta, no_lift = self.theta, _no_lift(outcome)
        return Result(
            arm_id=arm.arm_id,
            segment=segment,
            outcome=outcome,
            lift=None if no_lift else measured_lift(outcome),
            no_lift=no_lift,
            conversion=share_difference(treated, control),
            adjusted=None if theta is None else adjusted_lift(treated, control, theta, days_before=self.days_before),
        )

    def _outcome(self, arm: Arm, segment: str, treated: Group, control: Group, *, names: Sequence[str]) -> Outcome:
        handed = sum(self.members[name].handed_at is not None for name in names)
        return Outcome(
            campaign_id=self.run.campaign.campaign_id,
            arm_id=arm.arm_id,
            segment=segment,
            sent=handed,
            treated_n=treated.n,
            treated_conversions=treated.buyers,
            treated_sum=int(treated.values.sum()),
            treated_sumsq=float((treated.values**2).sum()),
            control_n=control.n,
            control_conversions=control.buyers,
            control_sum=int(control.values.sum()),
            control_sumsq=float((control.values**2).sum()),
            cost_minor=self._cost(arm, names, handed),
            computed_at=self.as_of,
        )

    def _cost(self, arm: Arm, names: Sequence[str], handed: int) -> int:
        """What was handed out at the channel's price, and the offer for everybody whose basket it applied to."""
        sending = handed * self.ground.contact_cost.get(arm.channel, 0.0)
        if arm.offer is None:
            return round(sending)
        redeemed = sum(self._redeems(name, arm.offer.threshold_minor) for name in names)
        return round(sending + redeemed * arm.offer.amount_minor)

    def _redeems(self, name: str, threshold: int) -> bool:
        orders = self.ground.after.orders(name, self.run.campaign.starts_at, self._until)
        return any(order.paid >= threshold for order in orders)

    def _group(self, names: Sequence[str]) -> Group:
        start = self.run.campaign.starts_at
        spent = [self.ground.after.between(name, start, self._until) for name in names]
        since = start - timedelta(days=self.days_before)
        before = [self.ground.before.between(name, since, start).value for name in names]
        return Group(
            np.array([s.value for s in spent], np.float64),
            np.array(before, np.float64),
            np.array([s.orders for s in spent], np.int64),
        )

    @property
    def _until(self) -> datetime:
        return min(self.as_of, self.run.closes_at)


def _no_lift(outcome: Outcome) -> NoLift | None:
    """Why there is none; without a buyer its interval would have no width, as if it were sure."""
    if not outcome.treated_conversions + outcome.control_conversions:
        return "nobody bought yet"
    return None if is_measured(outcome) else "too few"
