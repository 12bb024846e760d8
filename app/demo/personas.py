"""Who the customers are: a persona, an arc through the log, and habits that make each one different.

A life is a run of stages without gaps; between and after the phases of an arc the customer is just themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

from app.demo.dice import Dice, Wheel, wheel_of
from app.demo.identities import Names, draw_names
from app.demo.parameters import Arc, Cause, Custom, CustomerSpread, Manner, Noise, Parameters, Persona, PhaseSpec
from app.retrieval.schemas import Channel

CUSTOMERS_PLACE = 2
GRIEVANCES_PLACE = 12
NO_ARC = "none"
_MONTH = 30.0
_LEAST = 1e-6
_NOBODY = Noise(share=1.0)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of days, first <= day < last, in which a customer wants the same things at the same pace."""

    first: int
    last: int
    topics: dict[str, float]
    """Interest by topic, summing to one."""
    own: dict[str, float]
    """The part of it that is their own and moves with the seasons."""
    phase: PhaseSpec

    @property
    def top(self) -> str:
        """What they want most."""
        return max(self.topics, key=lambda topic: self.topics[topic])

    @property
    def cool(self) -> bool:
        """True when they are drifting away."""
        return self.phase.mood == "cool"


@dataclass(frozen=True, slots=True)
class ConsentWord:
    """A yes or no to marketing on one channel."""

    day: int
    channel: Channel
    granted: bool


class Quiet(NamedTuple):
    """A stretch of days, first <= day < last, in which a customer is busy elsewhere; `pace` is the factor on rates."""

    first: int
    last: int
    pace: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer as only the simulator knows them. Days count from the shop's first; money in fen."""

    index: int
    names: Names
    persona: str
    household: str
    household_later: str | None
    """From their arc's first day on, when it changes whom they live with."""
    arc: str
    noise: str | None
    joined: int
    stages: tuple[Stage, ...]
    quiet: tuple[Quiet, ...]
    orders_per_day: float
    visits_per_day: float
    regularity: int
    quits_per_order: float
    season_power: float
    sale_power: float
    single: bool
    basket: float
    surfaces: dict[str, float]
    price_level: int
    depth: float
    reviews: float
    wander: float
    gift_share: float
    english: bool
    sensitivity: float
    affinity: dict[Channel, float]
    consents: tuple[ConsentWord, ...]
    grievance: Cause
    """What they would leave for, if they leave."""

    def stage_at(self, day: int) -> Stage:
        """The stage that a day falls in."""
        for stage in reversed(self.stages):
            if stage.first <= day:
                return stage
        return self.stages[0]

    def consents_to(self, channel: Channel, day: int) -> bool:
        """The latest word up to a day; a banner on the shop's own pages needs none."""
        said = [word.granted for word in self.consents if word.channel is channel and word.day <= day]
        return channel is Channel.ONSITE or (bool(said) and said[-1])


class Casting:
    """Draws customers for one set of parameters."""

    def __init__(self, parameters: Parameters) -> None:
        """Prepare the wheels that every customer spins."""
        self.parameters = parameters
        self._personas = Wheel((name, persona.share) for name, persona in parameters.personas.items())
        self._arcs = Wheel((name, arc.share) for name, arc in parameters.arcs.items())
        self._noise = Wheel((name, noise.share) for name, noise in parameters.noise.items())
        self._consents = Wheel(enumerate(parameters.consent.channels_granted))
        self._levels = {name: Wheel(enumerate(p.price_level)) for name, p in parameters.personas.items()}
        self._households = {name: wheel_of(p.households) for name, p in parameters.personas.items()}

    def draw(self, seed: int, index: int) -> Customer:
        """The customer with this number; the others have no influence on them."""
        parameters, dice = self.parameters, Dice(seed, CUSTOMERS_PLACE, index)
        persona_name, arc_name, noise_name = (
            dice.spin(self._personas),
            dice.spin(self._arcs),
            dice.spin(self._noise),
        )
        persona, arc = parameters.personas[persona_name], parameters.arcs[arc_name]
        noise = parameters.noise[noise_name] if arc_name == NO_ARC else _NOBODY
        custom: Custom = noise if arc_name == NO_ARC else arc
        household = arc.household_before or dice.spin(self._households[persona_name])
        joined = _draw_joined(arc, parameters, dice)
        own = _draw_interests(persona, household, parameters, dice)
        stages = _draw_stages(own, arc, joined, parameters, dice)
        spread, orders_per_day = parameters.customer, _draw_order_rate(persona, custom, parameters, dice)
        level = dice.spin(self._levels[persona_name])
        sensitivity = _draw_sensitivity(persona, level, spread, dice)
        return Customer(
            index=index,
            names=draw_names(seed, index, joined, parameters.days, parameters.identities),
            persona=persona_name,
            household=household,
            household_later=arc.household,
            arc=arc_name,
            noise=noise_name if arc_name == NO_ARC else None,
            joined=joined,
            stages=stages,
            quiet=tuple(_draw_quiet(joined, parameters, dice)),
            orders_per_day=orders_per_day * noise.quiet_rate,
            visits_per_day=dice.log_normal(persona.visits / _MONTH, spread.visit_rate_sigma)
            * noise.visits
            * noise.quiet_rate,
            regularity=_draw_regularity(custom, spread, dice),
            quits_per_order=_quits(custom, persona, orders_per_day, spread, dice),
            season_power=noise.season_power,
            sale_power=_sale_power(sensitivity, spread),
            single=noise.single,
            basket=dice.log_normal(persona.basket * custom.basket_factor * 100, spread.basket_sigma_between),
            surfaces=persona.surfaces,
            price_level=level,
            depth=persona.depth,
            reviews=min(spread.reviews_at_most, dice.log_normal(persona.reviews, spread.reviews_sigma)),
            wander=_either(noise.wander, spread.wander),
            gift_share=_either(noise.gift_share, spread.gift_share),
            english=dice.chance(spread.english_share),
            sensitivity=sensitivity,
            affinity={c: dice.log_normal(liking, spread.affinity_sigma) for c, liking in persona.channels.items()},
            grievance=_draw_grievance(seed, index, stages, parameters, single=noise.single),
            consents=_draw_consents(dice.spin(self._consents), joined, stages, parameters, dice),
        )


def _draw_grievance(seed: int, index: int, stages: tuple[Stage, ...], parameters: Parameters, *, single: bool) -> Cause:
    manner: Manner = "one_off" if single else "drift" if any(stage.cool for stage in stages) else "silent"
    return Dice(seed, GRIEVANCES_PLACE, index).spin(wheel_of(parameters.customer.causes[manner]))


def _either(special: float | None, usual: float) -> float:
    return usual if special is None else special


def _draw_joined(arc: Arc, parameters: Parameters, dice: Dice) -> int:
    joining = parameters.joining
    if arc.joins_within is not None:
        return dice.whole(0, arc.joins_within)
    early = dice.chance(joining.early_share)
    return dice.whole(0, joining.early_days) if early else dice.whole(joining.early_days, joining.latest_day)


def _draw_regularity(custom: Custom, spread: CustomerSpread, dice: Dice) -> int:
    drawn = dice.whole(*spread.regularity)
    return drawn if custom.regularity is None else custom.regularity


def _draw_sensitivity(persona: Persona, level: int, spread: CustomerSpread, dice: Dice) -> float:
    """Who minds prices buys cheaper things."""
    low, high = spread.sensitivity
    apart = dice.between(-spread.sensitivity_spread, spread.sensitivity_spread)
    return min(high, max(low, persona.sensitivity + spread.sensitivity_levels[level] + apart))


def _sale_power(sensitivity: float, spread: CustomerSpread) -> float:
    """In tenths, so that calendars can be kept."""
    low, high = spread.sale_pull
    return round(low + (high - low) * sensitivity, 1)


def _draw_order_rate(persona: Persona, custom: Custom, parameters: Parameters, dice: Dice) -> float:
    spread = parameters.customer
    never = dice.chance(spread.never_orders)
    if custom.order_rate is not None:
        return dice.log_normal(custom.order_rate / _MONTH, spread.arc_rate_sigma)
    return 0.0 if never else dice.log_normal(persona.orders / _MONTH, spread.order_rate_sigma)


def _quits(custom: Custom, persona: Persona, orders_per_day: float, spread: CustomerSpread, dice: Dice) -> float:
    """Who buys often forgives more: the chance falls with the rate, so that leaving is no matter of pace."""
    usual = _either(custom.quits_per_order, dice.between(*spread.quits_per_order))
    patience: float = (max(orders_per_day, _LEAST) * _MONTH / persona.orders) ** spread.forgives
    return min(spread.quits_at_most, usual / patience)


def _draw_interests(persona: Persona, household: str, parameters: Parameters, dice: Dice) -> dict[str, float]:
    """The persona's interests and, a little, those of whom they live with."""
    sigma, at_home = parameters.customer.interest_sigma, parameters.household_topics.get(household, {})
    weights = {topic: dice.log_normal(weight, sigma) for topic, weight in persona.topics.items()}
    for topic, weight in at_home.items():
        weights[topic] = weights.get(topic, 0.0) + weight * fsum(persona.topics.values())
    return _normalised(weights)


def _normalised(weights: dict[str, float]) -> dict[str, float]:
    total = fsum(weights.values())
    return {topic: weight / total for topic, weight in weights.items()}


def _draw_stages(own: dict[str, float], arc: Arc, joined: int, parameters: Parameters, dice: Dice) -> tuple[Stage, ...]:
    """Themselves, then each phase of the arc in turn, then themselves again until the log ends."""
    calm = PhaseSpec()
    start = _draw_start(arc, joined, parameters, dice)
    stages, day = [Stage(0, start, own, own, calm)], start
    for spec in arc.phases:
        last = parameters.days if spec.days is None else min(parameters.days, day + dice.whole(*spec.days))
        other = _draw_topics(spec, own, dice)
        stages.append(Stage(day, last, _blended(own, other, spec.strength), _kept(own, other, spec.strength), spec))
        day = last
    stages.append(Stage(day, parameters.days, own, own, calm))
    return tuple(stage for stage in stages if stage.first < stage.last)


def _draw_quiet(joined: int, parameters: Parameters, dice: Dice) -> Iterator[Quiet]:
    """Stretches at random, apart from the arc: staying away for a while means nothing by itself."""
    spread, day = parameters.customer, joined
    while True:
        day += 1 + round(dice.erlang(1) * spread.quiet_every)
        if day >= parameters.days:
            return
        first, day = day, day + dice.whole(*spread.quiet_days)
        yield Quiet(first, min(day, parameters.days), spread.quiet_pace)


def _draw_start(arc: Arc, joined: int, parameters: Parameters, dice: Dice) -> int:
    if arc.starts_between:
        first, last = dice.pick(arc.starts_between)
        opening = (first - parameters.first_day).days
        return max(joined, dice.whole(opening, opening + (last - first).days))
    if arc.starts_after:
        return joined + dice.whole(*arc.starts_after)
    return parameters.days


def _draw_topics(spec: PhaseSpec, own: dict[str, float], dice: Dice) -> dict[str, float]:
    """The phase's topics; of a choice, one that is new to the customer."""
    if not spec.one_of:
        return _normalised(spec.topics)
    return {dice.pick([topic for topic in spec.one_of if topic not in own]): 1.0}


def _blended(own: dict[str, float], other: dict[str, float], strength: float) -> dict[str, float]:
    if not other:
        return own
    topics = [*own, *(topic for topic in other if topic not in own)]
    return {t: (1 - strength) * own.get(t, 0.0) + strength * other.get(t, 0.0) for t in topics}


def _kept(own: dict[str, float], other: dict[str, float], strength: float) -> dict[str, float]:
    return {topic: (1 - strength) * share for topic, share in own.items()} if other else own


def _draw_consents(
    count: int, joined: int, stages: tuple[Stage, ...], parameters: Parameters, dice: Dice
) -> tuple[ConsentWord, ...]:
    habits = parameters.consent
    open_channels = [channel for channel in Channel if channel is not Channel.ONSITE]
    words: list[ConsentWord] = []
    for position in range(len(open_channels)):
        channel = open_channels.pop(dice.whole(0, len(open_channels) - 1))
        if position < count:
            words += _granted(channel, joined, stages, parameters, dice)
        elif dice.chance(habits.refused_aloud):
            words.append(ConsentWord(joined, channel, False))
    return tuple(sorted(words, key=lambda word: word.day))


def _granted(
    channel: Channel, joined: int, stages: tuple[Stage, ...], parameters: Parameters, dice: Dice
) -> list[ConsentWord]:
    words = [ConsentWord(joined, channel, True)]
    cooling = next((stage for stage in stages if stage.cool), None)
    first = joined + 1 if cooling is None else cooling.first
    last = parameters.days - 1 if cooling is None else cooling.last
    withdraws = parameters.consent.withdraws if cooling is None else parameters.consent.withdraws_cool
    if dice.chance(withdraws) and first < last:
        words.append(ConsentWord(dice.whole(first, last), channel, False))
    return words
