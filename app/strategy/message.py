"""What would be sent: moment, offer and subjects, each through its rule of the policy gate, before it has words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from app.retrieval.schemas import CampaignMatch, Channel, Offer
from app.strategy.choose import Choice
from app.strategy.gate.margins import Margin
from app.strategy.gate.moments import permitted_moment
from app.strategy.gate.offers import capped_offer, within_budget
from app.strategy.gate.schemas import Firing, Rule, Ruling
from app.strategy.gate.subjects import in_season, not_sensitive
from app.strategy.gate.texts import keeping_promises
from app.strategy.request import StrategyRequest
from app.strategy.themes import Ground, Idea, PastThemes, Subject, choose_subjects, serving
from app.strategy.timing import Moment, best_moment, look_again


class Message(NamedTuple):
    """What would be sent, after the gate and before it has words."""

    channel: Channel | None
    """None for what is kept ready while nothing is sent."""
    moment: Moment
    offer: Offer | None
    margin: Margin
    """What the offer was measured against."""
    subjects: tuple[Subject, ...]
    fired: tuple[Firing, ...] = ()


def compose(request: StrategyRequest, choice: Choice, channel: Channel) -> Ruling[Message | None]:
    """Timing, offer and subjects, each through its rule; None when no moment is left to send at."""
    margin = margin_of(request, choice.match)
    offer = _offer(request, choice.match, margin)
    subjects = _subjects(request, choice, offer.value, request.profile.as_of)
    timed = _timed(request, channel, _is_about_cart(choice, subjects.value), with_offer=offer.value is not None)
    if timed.value is None:
        return Ruling(None, timed.fired)
    message = Message(channel, timed.value, offer.value, margin, subjects.value)
    return Ruling(message._replace(fired=timed.fired + offer.fired + subjects.fired))


def kept_ready(request: StrategyRequest, choice: Choice) -> Message:
    """What is at hand while nothing is sent: drafts for a person to use, and when to look again.

    After a complaint, and for whoever is never contacted, the drafts offer help and sell nothing.
    """
    complained = choice.reason == "complaint"
    if complained or choice.reason == "suppressed":
        ready = serving(complained=complained)
    else:
        ready = _subjects(request, choice, None, request.profile.as_of).value
    moment = look_again(
        after=request.profile.as_of,
        zone=request.workspace.zone,
        policy=request.policy,
        due=request.due,
        service=complained,
    )
    return Message(None, moment, None, margin_of(request, choice.match), ready)


def margin_of(request: StrategyRequest, match: CampaignMatch | None) -> Margin:
    """The margin of what the campaign is about: from the catalogue where it knows, else as declared."""
    return request.margins.of(match.campaign.audience.topics if match else (), request.policy)


def _offer(request: StrategyRequest, match: CampaignMatch | None, margin: Margin) -> Ruling[Offer | None]:
    """The tested offer, as far as margin and budget bear it."""
    if match is None:
        return Ruling(None)
    capped = capped_offer(match.arm.offer, margin, request.policy)
    redeemed = request.policy.budget.take_up if match.conversion is None else match.conversion
    paid = within_budget(capped.value, redeemed, match.campaign.campaign_id, request.spent, request.policy)
    return Ruling(paid.value, capped.fired + paid.fired)


def _subjects(
    request: StrategyRequest, choice: Choice, offer: Offer | None, day: datetime
) -> Ruling[tuple[Subject, ...]]:
    """Three subjects, none sensitive, none that promises what the offer does not, none out of season."""
    policy, taxonomy = request.policy, request.taxonomy
    topics = not_sensitive(_topics(request), taxonomy)
    said = _said(choice)
    texts = tuple(dict.fromkeys(text for theme, others in said.items() for text in (theme, *others.values())))
    calm = not_sensitive({text: text for text in texts}, taxonomy)
    kept = keeping_promises(calm.value, offer, request.workspace.currency, taxonomy.forbidden_words(), policy)
    timely = in_season(kept.value, day.astimezone(request.workspace.zone).date(), policy)
    fit = {theme: others for theme, others in said.items() if {theme, *others.values()} <= set(timely.value)}
    chosen = choose_subjects(_ground(request, topics.value), _tested(request, choice, fit), taxonomy, policy.themes)
    return Ruling(chosen, topics.fired + calm.fired + kept.fired + timely.fired)


def _said(choice: Choice) -> dict[str, dict[str, str]]:
    """The tested themes, each with what it is called in either language, where somebody wrote that."""
    if choice.match is None:
        return {}
    arm = choice.match.arm
    found: dict[str, dict[str, str]] = {theme: {} for theme in arm.themes}
    known = arm.translated_themes
    for lang, words in (("zh", known.zh), ("en", known.en)) if known else ():
        for theme, word in zip(arm.themes, words, strict=False):
            found[theme][lang] = word
    return found


def _timed(request: StrategyRequest, channel: Channel, about_cart: bool, *, with_offer: bool) -> Ruling[Moment | None]:
    """The best moment; where the calendar keeps it back, the best one from the end of those days on."""
    zone, policy = request.workspace.zone, request.policy
    moment = _moment(request, channel, about_cart, after=request.profile.as_of)
    ruled = permitted_moment(moment.at, channel, zone, policy, with_offer=with_offer)
    if ruled.value is None or not ruled.fired:
        return Ruling(None if ruled.value is None else moment, ruled.fired)
    later = _moment(request, channel, about_cart, after=ruled.value)
    free = permitted_moment(later.at, channel, zone, policy, with_offer=with_offer)
    fired = tuple(firing for firing in ruled.fired if firing.rule is Rule.CALENDAR)
    return Ruling(later._replace(at=free.value or ruled.value), fired)


def _moment(request: StrategyRequest, channel: Channel, about_cart: bool, *, after: datetime) -> Moment:
    return best_moment(
        request.activity,
        channel,
        after=after,
        zone=request.workspace.zone,
        policy=request.policy,
        within_hours=request.policy.timing.cart_hours if about_cart else None,
        due=request.due,
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


def _topics(request: StrategyRequest) -> dict[str, str]:
    """The customer's topics with their names, strongest first, whatever the campaign was about."""
    known = request.taxonomy.topics
    own = (interest.topic for interest in request.profile.interests)
    return {topic: f"{known[topic].zh} {known[topic].en}" for topic in own if topic in known}


def _tested(request: StrategyRequest, choice: Choice, themes: Mapping[str, Mapping[str, str]]) -> PastThemes:
    """What the campaign spoke about, and which of its topics are this customer's."""
    about = choice.match.campaign.audience.topics if choice.match else ()
    shared = tuple(topic for topic in request.relevant_topics if topic in about)
    return PastThemes(tuple(themes), about, shared, themes)
