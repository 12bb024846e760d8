"""Logged actions as past campaigns, so that the engine's own `choose()` can decide about the log's contexts.

Each action is a campaign with one arm: a card on the site, which needs no consent and costs nothing, since the log's
reward is already what is left. Its outcome are the sums of the sends that it was learned from; the comparison group
has earned nothing, for a reward is counted from nothing. What is known of the context comes in as its response: what
the action is expected to bring here over what it brings on average.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from app.predict.inputs.purchases import Floats, Ints
from app.predict.response.model import Response
from app.predict.response.sends import Sends
from app.retrieval.schemas import Arm, Campaign, Case, Channel, Outcome, Retrieval
from app.retrieval.search import CampaignSearch
from app.retrieval.situation import Situation
from app.strategy.choose import FirstTest, choose
from app.strategy.gate.contact import Contacts
from app.strategy.gate.policy import Policy
from app.strategy.power import Measurement
from app.strategy.weigh import Terms, action_of

SCALE = 10_000
"""Rewards are any numbers; outcomes keep whole ones."""
_AS_OF = datetime(2020, 1, 1, tzinfo=UTC)
"""Logs have times of their own; here all actions are equally old."""
_ARM = "sent"
_UNUSED = FirstTest(Measurement(0.1, 0.02, 1))
LEAST_SENDS = 2


def cases_of(sends: Sends, found: Response, propensity: Floats, until: float) -> tuple[Case, ...]:
    """One case per action that was sent at least twice; an action sent less often says nothing."""
    rows = found.learned_from
    weight = 1.0 / propensity[rows]
    known = sends.known(until)[rows]
    share = np.maximum(found.arrivals.share(sends.action[rows], until - sends.time[rows]), 1e-4)
    reward = np.where(known, sends.reward[rows] / share, 0.0)
    cases = []
    for place, action in enumerate(sends.actions):
        mine = sends.action[rows] == place
        if int(mine.sum()) >= LEAST_SENDS:
            cases.append(_case(action, reward[mine], weight[mine] / weight[mine].mean()))
    return tuple(cases)


def retrieved(cases: Sequence[Case], search: CampaignSearch) -> Retrieval:
    """All actions with what to expect of each, by the product's own retrieval, for anybody."""
    return search.search(cases, Situation(), as_of=_AS_OF, k=sum(len(case.campaign.arms) for case in cases))


def decide(retrieval: Retrieval, actions: Sequence[str], expected: Floats, usual: Floats, policy: Policy) -> Ints:
    """The action that the engine chooses in each context, as its place in `actions`; -1 where it leaves them alone.

    `expected` is what each action should bring here, shape [contexts, actions]; `usual` the same on average.
    """
    response = np.divide(expected, usual, out=np.ones_like(expected), where=usual > 0)
    names = {action_of(match): match.campaign.campaign_id for match in retrieval.matches}
    places = {name: actions.index(campaign_id) for name, campaign_id in names.items()}
    chosen = [_chosen(retrieval, places, row, policy) for row in response]
    return np.array(chosen, np.int64)


def _chosen(retrieval: Retrieval, places: dict[str, int], response: Floats, policy: Policy) -> int:
    terms = Terms(margin=1.0, response={name: float(response[place]) for name, place in places.items()})
    choice = choose(retrieval, (), topics=(), test=_UNUSED, contacts=Contacts(), terms=terms, policy=policy)
    return places.get(choice.chosen.action, -1)


def _case(action: str, reward: Floats, weight: Floats) -> Case:
    n, scaled = len(reward), reward * SCALE
    outcome = Outcome(
        campaign_id=action,
        arm_id=_ARM,
        sent=n,
        treated_n=n,
        treated_conversions=round(float(weight @ (reward != 0))),
        treated_sum=round(float(weight @ scaled)),
        treated_sumsq=float(weight @ scaled**2),
        control_n=n,
        control_conversions=0,
        control_sum=0,
        control_sumsq=0.0,
        computed_at=_AS_OF,
    )
    campaign = Campaign(
        campaign_id=action,
        evidence_kind="randomised",
        title=action,
        objective="grow",
        eligible_n=n,
        arms=(Arm(arm_id=_ARM, channel=Channel.ONSITE),),
        window_days=1,
        starts_at=_AS_OF - timedelta(days=2),
        ends_at=_AS_OF - timedelta(days=1),
    )
    return Case(campaign=campaign, outcomes=(outcome,))
