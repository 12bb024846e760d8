"""Do what a person approved: the one place where the assistant creates or changes something. Editors only."""

from collections.abc import Callable

from app.access.schemas import Role
from app.assistant.asking import Asking
from app.assistant.replies import links
from app.assistant.schemas import Link, Pending
from app.assistant.speaking import Speaker
from app.assistant.tools.audience import EVERYBODY
from app.errors import Forbidden, InvalidInput
from app.pipeline import Pipeline
from app.retrieval.schemas import Channel
from app.schema import Frozen, Lang
from app.strategy.audiences.schemas import SavedSegment
from app.strategy.batch.schemas import PlanWish
from app.strategy.running.schemas import RunView


class Done(Frozen):
    """What was done."""

    said: str
    links: tuple[Link, ...] = ()
    campaign_id: str | None = None
    """The campaign that began, was planned or was stopped."""


def carry_out(pipeline: Pipeline, pending: Pending, asking: Asking, lang: Lang) -> Done:
    """Do it. Forbidden unless an editor asks; Conflict, NotFound, InvalidInput as the pipeline says."""
    if not asking.role.allows(Role.EDITOR):
        raise Forbidden(f"this key has the role {asking.role.value!r}; this needs {Role.EDITOR.value!r}")
    return _ACTIONS[pending.action](_Order(pipeline, pending, asking, lang))


class _Order:
    """What is to be done, with its arguments read."""

    def __init__(self, pipeline: Pipeline, pending: Pending, asking: Asking, lang: Lang) -> None:
        self.pipeline, self.asking, self.lang = pipeline, asking, lang
        self.workspace, self.now, self.by = asking.workspace, asking.now, asking.by
        self._arguments = pending.arguments
        self.say = Speaker(lang, asking.workspace, pipeline.taxonomy)

    def text(self, name: str) -> str:
        """An argument that has to be there."""
        value = self._arguments.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"{name}: it is missing from what was approved; ask again")
        return value

    def maybe(self, name: str) -> str | None:
        """An argument that may be absent."""
        value = self._arguments.get(name)
        return value if isinstance(value, str) and value else None

    def number(self, name: str) -> int:
        """An amount or a count."""
        value = self._arguments.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidInput(f"{name}: it is missing from what was approved; ask again")
        return value

    @property
    def channel(self) -> Channel | None:
        """The channel, where one was named."""
        name = self.maybe("channel")
        return Channel(name) if name else None


def _propose(order: _Order) -> Done:
    return _propose_for(order) if order.maybe("customer") else _draft_plan(order)


def _propose_for(order: _Order) -> Done:
    """Log a strategy for one customer, so that it can be approved."""
    ref = order.text("customer")
    found = order.pipeline.recommend(
        order.workspace, ref, as_of=order.asking.as_of, now=order.now, lang=order.lang
    ).strategy
    page = links.customer(order.say, found.customer_id, found.customer_id)
    if found.channel is None:
        return Done(said=order.say("done.abstained", why=found.status_reason or ""), links=(page,))
    return Done(said=order.say("done.proposal", name=found.customer_id), links=(page,))


def _draft_plan(order: _Order) -> Done:
    """Keep a plan for a group, so that it can be confirmed."""
    channel = order.channel
    wish = PlanWish(
        segment=order.maybe("segment") or EVERYBODY,
        budget_minor=order.number("budget_minor"),
        channels=(channel,) if channel else (),
    )
    plan = order.pipeline.planning.draft(order.workspace, wish, now=order.now, lang=order.lang).plan
    said = order.say("done.plan", plan=plan.plan_id, n=order.say.number(plan.given))
    return Done(said=said, links=(links.plan(order.say, plan.expression),), campaign_id=plan.plan_id)


def _approve(order: _Order) -> Done:
    plan_id, reason = order.maybe("plan_id"), order.maybe("reason") or ""
    if plan_id:
        return _begun(
            order,
            order.pipeline.planning.confirm(order.workspace, plan_id, by=order.by, now=order.now, reason=reason),
        )
    decision_id = order.text("decision_id")
    return _begun(
        order,
        order.pipeline.campaigns.approve(order.workspace, decision_id, by=order.by, now=order.now, reason=reason),
    )


def _begun(order: _Order, run: RunView) -> Done:
    *arms, held = run.counts
    campaign_id = run.run.campaign.campaign_id
    n = order.say.number(sum(arm.assigned for arm in arms))
    said = order.say("done.approved", campaign=campaign_id, n=n, held=order.say.number(held.assigned))
    return Done(said=said, links=(links.page(order.say, "campaigns"),), campaign_id=campaign_id)


def _reject(order: _Order) -> Done:
    order.pipeline.campaigns.reject(
        order.workspace, order.text("decision_id"), by=order.by, reason=order.text("reason"), now=order.now
    )
    return Done(said=order.say("done.rejected"), links=(links.page(order.say, "campaigns"),))


def _stop(order: _Order) -> Done:
    campaign_id = order.text("campaign_id")
    run = order.pipeline.campaigns.stop(
        order.workspace, campaign_id, by=order.by, reason=order.text("reason"), now=order.now
    )
    said = order.say("done.stopped", title=run.run.campaign.title)
    return Done(said=said, links=(links.page(order.say, "campaigns"),), campaign_id=campaign_id)


def _export(order: _Order) -> Done:
    """Keep the list as a segment; its file is made when it is fetched, by consent and caps as they stand then."""
    saved = _saved(order, order.text("segment"))
    channel = order.channel
    wanted = f"&channel={channel}" if channel else ""
    path = f"/v1/segments/{saved.segment_id}/export?format=csv{wanted}"
    file = Link(text=order.say("done.file", name=saved.name), path=path)
    return Done(
        said=order.say("done.export", name=saved.name), links=(file, links.segment(order.say, saved.expression))
    )


def _saved(order: _Order, expression: str) -> SavedSegment:
    """The segment of a list: the one that means it already, else a new one."""
    audiences, workspace, as_of = order.pipeline.audiences, order.workspace, order.asking.as_of
    plain = audiences.checked(workspace, expression, as_of=as_of, lang=order.lang)
    known = audiences.saved(workspace, as_of=as_of, lang=order.lang)
    for one in known:
        if one.segment.expression == plain:
            return one.segment
    name = _free(order, {one.segment.name for one in known})
    return audiences.save(workspace, name, plain, by=order.by, now=order.now, as_of=as_of, lang=order.lang).segment


def _free(order: _Order, taken: set[str]) -> str:
    """A name that no segment has yet."""
    name = order.say("done.list_name", date=order.say.date(order.now))
    return next(one for one in (name, *(f"{name} ({n})" for n in range(2, len(taken) + 3))) if one not in taken)


_ACTIONS: dict[str, Callable[[_Order], Done]] = {
    "propose_campaign": _propose,
    "approve_campaign": _approve,
    "reject_campaign": _reject,
    "stop_campaign": _stop,
    "export_audience": _export,
}
