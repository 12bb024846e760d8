"""One customer's life as it is being played: who they are, what they remember, and the tools to act with."""

from app.demo.calendar import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Calendar
from app.demo.catalogue import Product, Shelf
from app.demo.dice import Dice, Wheel, wheel_of
from app.demo.identities import Place
from app.demo.parameters import Parameters
from app.demo.personas import Customer, Stage
from app.demo.recording import MINI_PROGRAM, WEB, Identifiers, Recorder
from app.demo.wording import Occasion, wording
from app.demo.writing import Writer
from app.events.schemas import EventKind

LIVES_PLACE = 6
WORDS_PLACE = 7


def order_code(dice: Dice) -> str:
    """An order number that tells nothing; the dash keeps it from looking like a telephone's."""
    return f"D{dice.code(6)}-{dice.code(6)}"


class Life:
    """State and tools; the verbs are in browsing, buying and contact."""

    def __init__(self, seed: int, customer: Customer, calendar: Calendar, shelf: Shelf, parameters: Parameters) -> None:
        """Nothing has happened yet."""
        self.customer = customer
        self.calendar = calendar
        self.shelf = shelf
        self.parameters = parameters
        self.rates = parameters.behaviour
        self.dice = Dice(seed, LIVES_PLACE, customer.index)
        self.names = customer.names
        self.recorder = Recorder(customer.index, calendar, parameters, self.dice)
        self.writer = Writer(
            wording(),
            Dice(seed, WORDS_PLACE, customer.index),
            parameters.writing,
            english=customer.english,
            vocabulary=shelf.vocabulary,
        )
        self.city = self.dice.pick(wording().cities)
        self.considered: dict[str, Product] = {}
        """The product last looked at, by topic: people come back to it."""
        self.seen: set[str] = set()
        """Item ids of the products looked at."""
        self.kept: dict[str, Product] = {}
        """What was put in the cart or marked and not yet bought, by item id."""
        self.refused: frozenset[str] = frozenset()
        """Item ids that they want and will not buy."""
        self.orders = 0
        self.order_id = order_code(self.dice)
        """Of the latest order; before the first one a number that is nobody's."""
        self.complained = False
        self.follows = False
        """True once they follow the shop on a social network."""
        self.home: Place | None = None
        """Where they logged in last."""
        self._known_at: set[Place] = set()
        self._hours = Wheel(enumerate(parameters.hours))
        self._surfaces = wheel_of(customer.surfaces)
        self._topics: dict[tuple[int, int], Wheel[str]] = {}

    def stage_at(self, moment_ms: int) -> Stage:
        """What they are going through."""
        return self.customer.stage_at(moment_ms // DAY_MS)

    def turn_to(self, moment_ms: int) -> None:
        """What they write from here on is true at this moment."""
        day = min(moment_ms // DAY_MS, self.calendar.days - 1)
        sale = bool(self.calendar.prices[day] < 1.0)
        self.writer.occasion = Occasion(self.calendar.month(moment_ms), sale=sale, again=self.orders > 0)

    def moment_on(self, day: int) -> int:
        """A likely moment of a day."""
        within = self.dice.spin(self._hours) * HOUR_MS + self.dice.whole(0, 59) * MINUTE_MS
        return day * DAY_MS + within + self.dice.whole(0, 59_999)

    def surface(self) -> str:
        """Where they come in this time."""
        return self.dice.spin(self._surfaces)

    def wanted_topic(self, moment_ms: int) -> str:
        """What they look for now: mostly their interests, sometimes anything."""
        if self.dice.chance(self.customer.wander):
            return self.shelf.any_topic(self.calendar.month(moment_ms), self.dice)
        stage, month = self.stage_at(moment_ms), self.calendar.month(moment_ms)
        key = stage.first, month
        if key not in self._topics:
            self._topics[key] = wheel_of(self._in_season(stage, month))
        return self.dice.spin(self._topics[key])

    def product_of(self, topic: str, moment_ms: int) -> Product:
        """Something of a topic that catches their eye."""
        return self.shelf.draw(topic, self.customer.price_level, self.calendar.month(moment_ms), self.dice)

    def _in_season(self, stage: Stage, month: int) -> dict[str, float]:
        """Weight = what the arc makes them want + their own interest x the month's pull."""
        pull = self.parameters.topic_pull
        return {t: share + stage.own.get(t, 0.0) * (pull(t, month) - 1.0) for t, share in stage.topics.items()}

    def place(self, surface: str, moment_ms: int) -> Place:
        """Where exactly: the browser, the telephone or the tablet, one mini-program or the other."""
        names, dice, habits, day = self.names, self.dice, self.parameters.identities, moment_ms // DAY_MS
        if surface == WEB:
            return Place(surface, "anonymous", names.browser_on(day))
        if surface == MINI_PROGRAM:
            other = names.club_openid if dice.chance(habits.club_visits) else None
            return Place(surface, "openid", other or names.openid)
        shared = names.tablet if dice.chance(habits.tablet_used) else None
        return Place(surface, "device", shared or names.device_on(day))

    def comes_unknown(self, place: Place) -> bool:
        """True when a visit starts without login."""
        may_be_out = place.surface == WEB or place.value == self.names.tablet
        return place not in self._known_at or (may_be_out and self.dice.chance(self.rates.logged_out))

    def stays_unknown(self, place: Place) -> bool:
        """True when such a visit ends so, too; only where they have logged in before."""
        return place in self._known_at and self.dice.chance(self.parameters.identities.stays_out)

    def member(self, place: Place, moment_ms: int) -> Identifiers:
        """The identifiers of a customer who is logged in; a telephone may have been replaced since."""
        names = self.names
        if place.surface == MINI_PROGRAM:
            return place.stranger()
        if place.surface == WEB:
            return {"user_id": names.user_id}
        device = place.value if place.value == names.tablet else names.device_on(moment_ms // DAY_MS)
        return {"user_id": names.user_id, "device": device}

    def log_in(self, place: Place, moment_ms: int) -> None:
        """Link the stranger to the customer; the first time they register, with phone, traits and consents."""
        first, phone = self.home is None, self.names.phone_on(moment_ms // DAY_MS)
        who = place.stranger()
        if first or place.surface != MINI_PROGRAM or phone is None:
            who["user_id"] = self.names.user_id
        if phone is not None and (first or place.surface == MINI_PROGRAM):
            who["phone"] = phone
        traits = {"city": self.city, "device": self.dice.pick(wording().devices[place.surface])}
        self.recorder.note(place.surface, moment_ms, EventKind.IDENTIFY, who, properties={"traits": traits})
        self._known_at.add(place)
        self.home = place
        if first:
            self._consent_at_registration(moment_ms + 5 * SECOND_MS)

    def say_consent(self, moment_ms: int, channel: str, granted: bool) -> None:
        """A yes or no to marketing on one channel, said where they logged in last."""
        if self.home is None:
            raise ValueError("only a registered customer can be asked")
        said: dict[str, object] = {"purpose": "marketing", "channel": channel, "granted": granted}
        who = self.member(self.home, moment_ms)
        self.recorder.note(self.home.surface, moment_ms, EventKind.CONSENT, who, properties=said)

    def _consent_at_registration(self, moment_ms: int) -> None:
        said = [word for word in self.customer.consents if word.day == self.customer.joined]
        for position, word in enumerate(said):
            self.say_consent(moment_ms + position * SECOND_MS, word.channel.value, word.granted)
