"""What is decided before anything has words: the choice, and the message or what is kept ready instead."""

from typing import NamedTuple

from app.strategy.choose import Choice, FirstTest, choose, stand_still
from app.strategy.gate.contact import suppressed
from app.strategy.gate.schemas import Firing
from app.strategy.gate.subjects import without_complaint
from app.strategy.message import Message, compose, kept_ready
from app.strategy.power import Measurement, plan_measurement
from app.strategy.request import StrategyRequest


class Plan(NamedTuple):
    """One case decided, by code alone."""

    choice: Choice
    message: Message
    test: Measurement

    @property
    def fired(self) -> tuple[Firing, ...]:
        """The rules that changed something so far."""
        return self.choice.fired + self.message.fired


def plan_of(request: StrategyRequest) -> Plan:
    """The choice with its message; it stands still when a rule about the person, or the calendar, says so."""
    test = plan_measurement(request.purchase_rate, request.policy, request.audience_size)
    choice = _ruled(request, _choose(request, test))
    if choice.channel is None:
        return standing(request, choice, test)
    composed = compose(request, choice, choice.channel)
    if composed.value is None:
        return standing(request, stand_still(choice, "no_moment", choice.fired + composed.fired), test)
    return Plan(choice, composed.value, test)


def standing(request: StrategyRequest, choice: Choice, test: Measurement) -> Plan:
    """A plan in which nothing is sent."""
    return Plan(choice, kept_ready(request, choice), test)


def _ruled(request: StrategyRequest, choice: Choice) -> Choice:
    """The choice, unless a rule about the person comes first."""
    if never := suppressed(request.profile.attributes, request.policy).fired:
        return stand_still(choice, "suppressed", never)
    if complaints := without_complaint(request.claims, request.policy).fired:
        return stand_still(choice, "complaint", complaints)
    return choice


def _choose(request: StrategyRequest, test: Measurement) -> Choice:
    return choose(
        request.retrieval,
        request.profile.consents,
        topics=request.relevant_topics,
        test=FirstTest(test, request.usual_basket),
        contacts=request.contacts,
        terms=request.terms,
        policy=request.policy,
    )
