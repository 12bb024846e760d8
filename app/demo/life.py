"""One customer's life as it is being played: who they are, what they remember, and the tools to act with."""

from app.demo.calendar import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Calendar
from app.demo.catalogue import Product, Shelf
from app.demo.dice import Dice, Wheel, wheel_of
from app.demo.parameters import Parameters
from app.demo.personas import Customer, Stage
from app.demo.recording import APP, MINI_PROGRAM, SURFACES, WEB, Identifiers, Recorder
from app.demo.wording import Writer, wording
from app.events.schemas import EventKind

LIVES_PLACE = 6
WORDS_PLACE = 7


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
        self.recorder = Recorder(customer.index, calendar, parameters.delivery, self.dice)
        self.writer = Writer(
            wording(),
            Dice(seed, WORDS_PLACE, customer.index),
            english=customer.english,
            typo=self.rates.typo,
            emoji=self.rates.emoji,
        )
        self.city = self.dice.pick(wording().cities)
        self.considered: dict[str, Product] = {}
        """The product last looked at, by topic: people come back to it."""
        self.refused: frozenset[str] = frozenset()
        """Item ids that they want and will not buy."""
        self.orders = 0
        self.visits = 0
        self._known_on: set[str] = set()
        self._hours = Wheel(enumerate(parameters.hours))
        self._surfaces = wheel_of(parameters.personas[customer.persona].surfaces)
        self._topics: dict[int, Wheel[str]] = {}

    def stage_at(self, moment_ms: int) -> Stage:
        """What they are going through."""
        return self.customer.stage_at(moment_ms // DAY_MS)

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
            return self.dice.pick(self.shelf.topics)
        stage = self.stage_at(moment_ms)
        if stage.first not in self._topics:
            self._topics[stage.first] = wheel_of(stage.topics)
        return self.dice.spin(self._topics[stage.first])

    def knows(self, surface: str) -> bool:
        """True when they have logged in on this surface before."""
        return surface in self._known_on

    def stranger(self, surface: str) -> Identifiers:
        """The identifiers of somebody not logged in."""
        if surface == WEB:
            return {"anonymous": f"anon-{self.dice.code(12)}"}
        return {"device": self.customer.names.device} if surface == APP else {"openid": self.customer.names.openid}

    def member(self, surface: str) -> Identifiers:
        """The identifiers of a customer who is logged in."""
        names = self.customer.names
        if surface == MINI_PROGRAM:
            return {"openid": names.openid}
        return {"user_id": names.user_id, "device": names.device} if surface == APP else {"user_id": names.user_id}

    def log_in(self, surface: str, moment_ms: int, stranger: Identifiers) -> None:
        """Link the stranger to the customer; the first time they register, with phone, traits and consents."""
        names, first = self.customer.names, not self._known_on
        who: Identifiers = dict(stranger)
        if first or surface != MINI_PROGRAM:
            who["user_id"] = names.user_id
        if first or surface == MINI_PROGRAM:
            who["phone"] = names.phone
        traits = {"city": self.city, "device": self.dice.pick(wording().devices[surface])}
        self.recorder.note(surface, moment_ms, EventKind.IDENTIFY, who, properties={"traits": traits})
        self._known_on.add(surface)
        if first:
            self._consent_at_registration(surface, moment_ms + 5 * SECOND_MS)

    def say_consent(self, surface: str, moment_ms: int, channel: str, granted: bool) -> None:
        """A yes or no to marketing on one channel."""
        said: dict[str, object] = {"purpose": "marketing", "channel": channel, "granted": granted}
        self.recorder.note(surface, moment_ms, EventKind.CONSENT, self.member(surface), properties=said)

    def known_surface(self) -> str:
        """Where they are logged in; the first of the shop's surfaces that knows them."""
        return next(surface for surface in SURFACES if surface in self._known_on)

    def _consent_at_registration(self, surface: str, moment_ms: int) -> None:
        said = [word for word in self.customer.consents if word.day == self.customer.joined]
        for position, word in enumerate(said):
            self.say_consent(surface, moment_ms + position * SECOND_MS, word.channel.value, word.granted)
