"""What offers may cost: the margins that a workspace's catalogue leaves, and what approved campaigns have promised."""

from datetime import datetime
from threading import Lock

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import InvalidInput
from app.events import catalogue
from app.retrieval.schemas import Campaign
from app.strategy.gate.margins import Margins, margins_of
from app.strategy.gate.offers import NOTHING_SPENT, Spent
from app.strategy.gate.policy import Policy
from app.strategy.running.schemas import Run
from app.strategy.running.store import RunStore
from app.strategy.wording import money
from app.text.taxonomy import Taxonomy

_ALL = 10**9


class Costing:
    """Margins and budgets of any workspace."""

    def __init__(self, database: Database, policy: Policy, taxonomy: Taxonomy) -> None:
        """`policy` has the budget, `taxonomy` says what items are about."""
        self._database, self._policy, self._taxonomy = database, policy, taxonomy
        self._runs = RunStore(database)
        self._known: dict[str, tuple[object, Margins]] = {}
        self._lock = Lock()

    def margins(self, workspace: Workspace, *, as_of: datetime) -> Margins:
        """The catalogue's margins by topic as it stood at `as_of`; worked out anew only when it changed."""
        workspace_id = workspace.workspace_id
        with self._database.read() as connection:
            state = (as_of, *catalogue.state(connection, workspace_id))
            with self._lock:
                known = self._known.get(workspace_id)
            if known and known[0] == state:
                return known[1]
            items = catalogue.listed(connection, workspace_id, as_of, after="", limit=_ALL)
        found = margins_of(items, self._taxonomy)
        with self._lock:
            self._known[workspace_id] = (state, found)
        return found

    def spent(self, workspace: Workspace, *, as_of: datetime) -> Spent:
        """What the offers of campaigns approved this month are expected to cost; nothing is read without a budget."""
        budget = self._policy.budget
        if budget.month_minor is None and budget.campaign_minor is None:
            return NOTHING_SPENT
        month = as_of.astimezone(workspace.zone).strftime("%Y-%m")
        runs = [r for r in self._runs.runs(workspace.workspace_id) if r.approved.at <= as_of]
        costs = {r.campaign.campaign_id: self._promised(workspace, r) for r in runs}
        of_month = (r for r in runs if r.campaign.starts_at.astimezone(workspace.zone).strftime("%Y-%m") == month)
        return Spent(sum(costs[r.campaign.campaign_id] for r in of_month), costs)

    def afford(self, workspace: Workspace, campaign: Campaign, members: int, *, now: datetime) -> None:
        """Refuse a campaign whose offers are expected to cost more than is left of the month's or a campaign's budget.

        Expected cost: members who are not held out, spread over the arms by their propensities, times the share that
        takes an offer up, times its amount. InvalidInput says how much too much.
        """
        budget, offered = self._policy.budget, [arm for arm in campaign.arms if arm.offer]
        if not offered or (budget.month_minor is None and budget.campaign_minor is None):
            return
        amount = sum(arm.propensity * arm.offer.amount_minor for arm in offered if arm.offer)
        cost = budget.take_up * members * amount
        month = None if budget.month_minor is None else budget.month_minor - self.spent(workspace, as_of=now).month
        left = min(limit for limit in (month, budget.campaign_minor) if limit is not None)
        if cost > left:
            raise InvalidInput(
                f"its offers are expected to cost {money(cost, workspace.currency, 'en')}, and of the budget "
                f"{money(max(left, 0.0), workspace.currency, 'en')} is left: name a smaller audience, or raise the "
                "budget in policy.yaml"
            )

    def _promised(self, workspace: Workspace, run: Run) -> float:
        """Expected cost of a campaign's offers: those written to times the share that takes an offer up.

        Of a stopped campaign only those count who had their message by then.
        """
        offers = {arm.arm_id: arm.offer.amount_minor for arm in run.campaign.arms if arm.offer}
        if not offers:
            return 0.0
        members = self._runs.members(workspace.workspace_id, run.campaign.campaign_id)
        given = (m for m in members if not m.held and (m.handed_at is not None or run.stopped is None))
        return self._policy.budget.take_up * sum(offers.get(m.arm_id or "", 0) for m in given)
