from datetime import timedelta

from app.database.engine import Database
from app.events.acts import WISHES, acts
from app.events.schemas import EventKind
from app.events.store import EventLog
from app.events.timestamps import EARLIEST, FOREVER
from tests.factories import START, an_accepted, an_order


def test_acts_come_with_item_words_and_amount_and_only_those_asked_for(database: Database) -> None:
    batch = [
        an_accepted("search", 1, text="面霜"),
        an_accepted("view", 2, item_id="milk"),
        an_accepted("review", 3, item_id="milk", text="好"),
        an_order(4, 12.5, "o1"),
    ]
    log = EventLog(database)
    with database.write() as connection:
        log.append(connection, batch)
    with database.read() as connection:
        wishes = list(acts(connection, "shop", WISHES, after=EARLIEST, until=FOREVER))
        (order,) = acts(connection, "shop", (EventKind.ORDER,), after=EARLIEST, until=FOREVER)
        early = list(acts(connection, "shop", WISHES, after=EARLIEST, until=START + timedelta(days=1)))
        late = list(acts(connection, "shop", WISHES, after=START + timedelta(days=1), until=FOREVER))
        other = list(acts(connection, "elsewhere", WISHES, after=EARLIEST, until=FOREVER))
    assert sorted((act.kind, act.item_id, act.text) for act in wishes) == [
        ("search", None, "面霜"),
        ("view", "milk", None),
    ]
    assert (order.amount, order.item_id, order.text) == (1250, "milk", None)
    assert ([act.kind for act in early], [act.kind for act in late], other) == (["search"], ["view"], [])
