"""How the assistant puts names, amounts and groups: what exists already, under one roof, in the question's language."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.access.schemas import Workspace
from app.assistant.tools.audience import Audience, Term
from app.assistant.tools.periods import Span, span_of
from app.assistant.wording import wording
from app.narrative.formats import formats
from app.profile.schemas import RfmClass
from app.profile.segments.fields import value_name
from app.retrieval.schemas import Channel, Lift, Offer
from app.schema import Lang
from app.strategy.wording import money as whole_money
from app.strategy.wording import wording as strategy_wording
from app.text.taxonomy import Taxonomy


class Speaker:
    """One language's words for one workspace."""

    def __init__(self, lang: Lang, workspace: Workspace, taxonomy: Taxonomy) -> None:
        """Names of topics come from `taxonomy`, zone and currency from `workspace`."""
        self.lang, self._workspace, self._taxonomy = lang, workspace, taxonomy
        self._words, self._formats = wording(lang), formats(lang)

    def __call__(self, key: str, **slots: object) -> str:
        """The words for a key."""
        return self._words(key, **slots)

    def of(self, section: str, name: str) -> str:
        """The word for a value of a list; the value itself where there is none."""
        return self._words(f"{section}.{name}") if self._words.has(f"{section}.{name}") else name

    # --- figures --------------------------------------------------------------------------------------------

    def number(self, n: float) -> str:
        """A count or a mean."""
        return self._formats.number(n)

    def money(self, minor: float) -> str:
        """An amount that was counted."""
        return self._formats.money(minor, self._workspace.currency)

    def whole(self, minor: float) -> str:
        """An amount as it was named: no decimals where it has none."""
        return whole_money(minor, self._workspace.currency, self.lang)

    def estimate(self, minor: float) -> str:
        """An amount that is expected."""
        return self._formats.estimate(minor, self._workspace.currency)

    def share(self, x: float) -> str:
        """A share in whole per cent."""
        return self._formats.share(x)

    def signed(self, minor: float) -> str:
        """A change of an expected amount, with its sign."""
        return f"{'−' if minor < 0 else '+'}{self._formats.estimate(abs(minor), self._workspace.currency)}"

    def lift(self, lift: Lift | None) -> str:
        """A measured lift with its interval, per customer."""
        if lift is None:
            return self("lift.none")
        return self("lift.told", mean=self.signed(lift.mean), low=self.signed(lift.low), high=self.signed(lift.high))

    def maybe_money(self, minor: float | None) -> str:
        """An estimate, or that it is not known."""
        return self("unknown") if minor is None else self.estimate(minor)

    def maybe_share(self, x: float | None) -> str:
        """A share, or that it is not known."""
        return self("unknown") if x is None else self.share(x)

    # --- time -----------------------------------------------------------------------------------------------

    def date(self, at: datetime) -> str:
        """A local day."""
        return self._formats.date(at.astimezone(self._workspace.zone))

    def day(self, at: datetime) -> str:
        """A local day without its year."""
        return self._formats.month_day(at.astimezone(self._workspace.zone))

    def moment(self, at: datetime) -> str:
        """A local day with its weekday and hour."""
        local = at.astimezone(self._workspace.zone)
        weekday = strategy_wording(self.lang).weekdays[local.weekday()]
        return self("moment", weekday=weekday, day=self._formats.month_day(local), time=f"{local:%H:%M}")

    def weekday(self, number: int) -> str:
        """Monday is 0."""
        return strategy_wording(self.lang).weekdays[number]

    def span(self, span: Span) -> str:
        """Some local days."""
        if span.first == span.last:
            return self._formats.date(span.first)
        return self("span", first=self._formats.date(span.first), last=self._formats.date(span.last))

    def period(self, name: str | None, as_of: datetime) -> str:
        """A period as it was asked for, with its days; empty without one."""
        span = span_of(name, as_of=as_of, zone=self._workspace.zone)
        if name is None or span is None:
            return ""
        called = self.of("periods", name)
        return self.span(span) if called == name else self("period", name=called, days=self.span(span))

    # --- names ----------------------------------------------------------------------------------------------

    def rfm(self, rfm_class: RfmClass | None) -> str:
        """A class."""
        return self("no_class") if rfm_class is None else value_name("rfm", rfm_class, self.lang)

    def topic(self, topic: str | None) -> str:
        """A topic of the taxonomy."""
        return self("no_topic") if topic is None else self._taxonomy.name(topic, self.lang)

    def channel(self, channel: Channel) -> str:
        """A way to reach somebody."""
        return strategy_wording(self.lang).channels[channel]

    def sign(self, name: str) -> str:
        """An early sign of leaving."""
        return self.inside(value_name("signal", name, self.lang))

    def inside(self, name: str) -> str:
        """A name as it stands within a sentence: no capital at its beginning."""
        return name[:1].lower() + name[1:]

    def offer(self, offer: Offer | None) -> str:
        """An offer in a few words."""
        if offer is None:
            return self("offers.none")
        amount = whole_money(offer.amount_minor, self._workspace.currency, self.lang)
        return self(f"offers.{offer.type}", amount=amount)

    def customer(self, name: str) -> str:
        """A customer by the name they go by: `user_id:u1` is u1, a masked number stays as it is."""
        return name.partition(":")[2] or name

    def every(self, names: Iterable[str]) -> str:
        """A list of names."""
        found = list(names)
        if len(found) < 2:
            return "".join(found)
        return self("and", first=self("comma").join(found[:-1]), last=found[-1])

    def either(self, names: Sequence[str]) -> str:
        """Names to choose from."""
        if len(names) < 2:
            return "".join(names)
        return self("or", first=self("comma").join(names[:-1]), last=names[-1])

    def group(self, audience: Audience, as_of: datetime, period: str | None = None) -> str:
        """Who is meant."""
        if audience.everybody:
            return self("who.everybody")
        which = self.every(self._term(term) for term in audience.terms if term.kind != "period")
        dated = next((self._name(term, "of") for term in audience.terms if term.kind == "period"), "")
        key = "who.those" if not dated else "who.those_dated" if which else "who.dated"
        return self(key, which=which, name=dated, days=self.period(period, as_of))

    def short(self, audience: Audience) -> str:
        """Who is meant, as the head of a column."""
        names = [self._short(term) for term in audience.terms]
        return self("comma").join(names)

    def ask_about(self, key: str, audience: Audience) -> tuple[str, ...]:
        """A question on a group that comes next, where one name is enough to say who is meant."""
        short = len(audience.terms) == 1 and audience.terms[0].kind in ("rfm", "saved", "value", "state")
        return (self(key, who=self.short(audience)),) if short else ()

    def _term(self, term: Term) -> str:
        return self(f"who.{term.kind}", name=self._name(term, "of"))

    def _short(self, term: Term) -> str:
        return self(f"heads.{term.kind}", name=self._name(term, "named"))

    def _name(self, term: Term, how: str) -> str:
        match term.kind:
            case "rfm":
                return self.rfm(RfmClass(term.name))
            case "topic":
                return self.topic(term.name)
            case "channel":
                return self.channel(Channel(term.name))
            case "value" | "state" | "period":
                return self(f"{term.kind}s_{how}.{term.name}")
            case _:
                return term.name
