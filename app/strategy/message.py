"""What would be sent: moment, offer and subjects, each through its rule of the policy gate, before it has words."""

from collections.abc import Sequence
from typing import NamedTuple

from app.retrieval.schemas import Channel, Offer
from app.strategy.choose import Choice
from app.strategy.policy import Firing, capped_offer, not_sensitive, outside_quiet_hours
from app.strategy.request import StrategyRequest
from app.strategy.themes import Ground, Idea, PastThemes, Subject, choose_subjects
from app.strategy.timing import Moment, best_moment


class Message(NamedTuple):
    """What would be sent, after the gate and before it has words."""

    channel: Channel
    moment: Moment
    offer: Offer | None
    subjects: tuple[Subject, ...]
    fired: tuple[Firing, ...]


def compose(request: StrategyRequest, choice: Choice, channel: Channel) -> Message:
    """Timing, offer and subjects, each through its rule."""
    arm = choice.match.arm if choice.match else None
    policy, taxonomy = request.policy, request.taxonomy
    offer = capped_offer(arm.offer if arm else None, policy)
    topics = not_sensitive(_topics(request, choice), taxonomy)
    themes = not_sensitive({theme: theme for theme in arm.themes} if arm else {}, taxonomy)
    subjects = choose_subjects(
        _ground(request, topics.value), _tested(request, choice, themes.value), taxonomy, policy.themes
    )
    moment = _moment(request, channel, _is_about_cart(choice, subjects))
    timed = outside_quiet_hours(moment.at, channel, request.workspace.zone, policy)
    return Message(
        channel,
        moment._replace(at=timed.value),
        offer.value,
        subjects,
        timed.fired + offer.fired + topics.fired + themes.fired,
    )


def _moment(request: StrategyRequest, channel: Channel, about_cart: bool) -> Moment:
    return best_moment(
        request.activity,
        channel,
        after=request.profile.as_of,
        zone=request.workspace.zone,
        policy=request.policy,
        within_hours=request.policy.timing.cart_hours if about_cart else None,
    )


def _is_about_cart(choice: Choice, subjects: Sequence[Subject]) -> bool:
    reminds = choice.match is not None and choice.match.campaign.objective == "reactivate_cart"
    return reminds or any(subject.idea is Idea.CART for subject in subjects)


def _ground(request: StrategyRequest, topics: Sequence[str]) -> Ground:
    """What subjects are chosen from; items are told by topics that are in the taxonomy and not sensitive."""
    known = {topic: f"{words.zh} {words.en}" for topic, words in request.taxonomy.topics.items()}
    allowed = not_sensitive(known, request.taxonomy).value
    items = {item: topic for item, topic in request.item_topics.items() if topic in allowed}
    return Ground(request.usable_claims, topics, request.standing, items)


def _topics(request: StrategyRequest, choice: Choice) -> dict[str, str]:
    """The customer's topics with their names, those that the campaign was about first."""
    known = request.taxonomy.topics
    own = [i.topic for i in request.profile.interests if i.topic in known]
    about = choice.match.campaign.audience.topics if choice.match else ()
    return {topic: f"{known[topic].zh} {known[topic].en}" for topic in sorted(own, key=lambda t: t not in about)}


def _tested(request: StrategyRequest, choice: Choice, themes: tuple[str, ...]) -> PastThemes:
    """What the campaign spoke about, and which of its topics are this customer's."""
    about = choice.match.campaign.audience.topics if choice.match else ()
    return PastThemes(themes, about, tuple(topic for topic in request.relevant_topics if topic in about))
