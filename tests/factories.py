"""Small builders with everything defaulted; tests state only what they are about."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.access.schemas import Workspace
from app.events.intake import Accepted, Intake, accept
from app.events.schemas import Event, History, IncomingEvent, Item, Named
from app.identity.identifiers import normalise_identifiers
from app.narrative.book import Book
from app.profile.fold import State, profile_at
from app.profile.schemas import Profile
from app.profile.seen import Context
from app.text.taxonomy import Taxonomy

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 1, 1, 4, tzinfo=UTC)
RECEIVED = datetime(2027, 1, 1, tzinfo=UTC)


def a_workspace(name: str = "shop", **changes: Any) -> Workspace:
    return Workspace(workspace_id=name, **changes)


def an_intake(source: str = "web", workspace_id: str = "shop", **changes: Any) -> Intake:
    intake = Intake(workspace_id, source, SHANGHAI, "CNY", RECEIVED, lambda raw: Named(normalise_identifiers(raw)))
    return intake._replace(**changes)


def an_incoming(kind: str = "view", day: float = 0, **changes: Any) -> IncomingEvent:
    """An event of user u1, `day` days after START; the message id is its content unless given."""
    fields: dict[str, Any] = {
        "kind": kind,
        "occurred_at": (START + timedelta(days=day)).isoformat(),
        "identifiers": {"user_id": "u1"},
        **changes,
    }
    fields.setdefault("message_id", ascii(sorted(fields.items()))[:400])
    return IncomingEvent(**fields)


def an_accepted(kind: str = "view", day: float = 0, **changes: Any) -> Accepted:
    return accept(an_incoming(kind, day, **changes), an_intake())


def an_order(day: float, yuan: float, order_id: str, item_id: str = "milk", **changes: Any) -> Accepted:
    return an_accepted("order", day, amount_minor=round(yuan * 100), order_id=order_id, item_id=item_id, **changes)


def an_item(item_id: str, title: str, *path: str) -> Item:
    return Item(
        item_id=item_id,
        title=title,
        category_path=path,
        currency="CNY",
        valid_from=START - timedelta(days=900),
    )


ITEMS = {
    "milk": an_item("milk", "三段奶粉 800g", "母婴", "奶粉辅食"),
    "cream": an_item("cream", "Night cream 50ml", "护肤", "面霜"),
    "case": an_item("case", "20寸拉杆箱", "旅行", "行李箱"),
    "mystery": an_item("mystery", "XQ-77"),
}


def a_history(*accepted: Accepted) -> History:
    events: tuple[Event, ...] = tuple(sorted((a.event for a in accepted), key=lambda e: e.order_key))
    texts = {a.event.text_ref: a.text for a in accepted if a.event.text_ref and a.text}
    return History(events, texts, dict(ITEMS))


def a_profile(state: State, context: Context, as_of: datetime) -> Profile:
    """The view of a state, without other customers to stand among."""
    return profile_at(
        state,
        workspace_id="shop",
        customer_id="c_1",
        identity_version=1,
        as_of=as_of,
        context=context,
        limits=None,
    )


def a_book(taxonomy: Taxonomy, *accepted: Accepted, day: float = 200) -> Book:
    history, as_of = a_history(*accepted), START + timedelta(days=day)
    context = Context(taxonomy, SHANGHAI, history.items, history.texts)
    return Book(
        customer_id="c_1",
        history=history,
        taxonomy=taxonomy,
        zone=SHANGHAI,
        as_of=as_of,
        currency="CNY",
        view=lambda state: a_profile(state, context, as_of),
    )
