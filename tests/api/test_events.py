import threading

import pytest

from app.access.schemas import Role
from app.errors import InvalidInput
from tests.factories_api import NOW, Served, an_order_body


def test_events_are_stored_when_the_answer_comes_and_folded_after(served: Served) -> None:
    answer = served.send(an_order_body(1), an_order_body(2))
    receipt = answer.json()["data"]
    assert answer.status_code == 200
    assert (receipt["records"], receipt["accepted"], receipt["refused"]) == (2, 2, [])
    assert served.stored() == (2, 0)
    pipeline = served.app.pipeline
    assert pipeline.profiles.position("shop") == pipeline.log.position("shop")


def test_every_event_gets_its_verdict_on_request(served: Served) -> None:
    served.send(an_order_body(1), an_order_body(2))
    events = [an_order_body(1), an_order_body(2, amount_minor=1), an_order_body(3), an_order_body(4, kind=7)]
    body = {"source": "till", "events": events}
    verdicts = served.ask("POST", "/v1/events?verdicts=1", json=body).json()["data"]["verdicts"]
    assert [(v["index"], v["message_id"], v["verdict"]) for v in verdicts] == [
        (0, "m1", "duplicate"), (1, "m2", "conflict"), (2, "m3", "accepted"), (3, "m4", "quarantined"),
    ]  # fmt: skip
    logged = [event.event_id for _, event in served.app.pipeline.log.since("shop", 0, limit=9)]
    assert [v["event_id"] for v in verdicts] == [logged[0], logged[1], logged[2], None]


def test_resending_is_safe(served: Served) -> None:
    served.send(an_order_body(1))
    receipt = served.send(an_order_body(1), an_order_body(2), an_order_body(2)).json()["data"]
    assert (receipt["accepted"], receipt["duplicates"]) == (1, 2)
    assert served.stored() == (2, 0)


def test_a_known_message_with_other_content_is_a_conflict_and_the_first_stays(served: Served) -> None:
    served.send(an_order_body(1))
    receipt = served.send(an_order_body(1, amount_minor=1)).json()["data"]
    assert (receipt["accepted"], receipt["conflicts"]) == (0, 1)
    assert served.stored() == (1, 1)
    assert served.get("/v1/customers").json()["data"]["rows"][0]["total_minor"] == 12_900


def test_the_same_message_id_of_another_source_is_another_message(served: Served) -> None:
    served.send(an_order_body(1))
    body = {"source": "web", "events": [an_order_body(1)]}
    assert served.ask("POST", "/v1/events", json=body).json()["data"]["accepted"] == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"message_id": 7}, "wrong field"),
        ({"message_id": ""}, "empty field"),
        ({"identifiers": {}}, "no usable identifier"),
        ({"identifiers": {"user_id": "null"}}, "no usable identifier"),
        ({"identifiers": {"user_id": True}}, "wrong field"),
        ({"identifiers": "u1"}, "wrong field"),
        ({"occurred_at": "yesterday"}, "not a time"),
        ({"occurred_at": None}, "wrong field"),
        ({"occurred_at": "2036-01-01"}, "time more than a day in the future"),
        ({"occurred_at": 0}, "time before 1990"),
        ({"amount_minor": -1}, "amount out of range"),
        ({"amount_minor": 12.5}, "wrong field"),
        ({"amount_minor": 9 * 10**18}, "amount out of range"),
        ({"currency": "USD"}, "wrong currency"),
        ({"kind": "x" * 501}, "bad kind"),
        ({"properties": []}, "wrong field"),
    ],
)
def test_an_unusable_event_goes_to_quarantine_and_its_neighbours_are_stored(
    served: Served, fault: dict[str, object], reason: str
) -> None:
    answer = served.send(an_order_body(1), an_order_body(2, **fault), an_order_body(3))
    receipt = answer.json()["data"]
    assert (receipt["accepted"], receipt["quarantined"]) == (2, 1)
    (refused,) = receipt["refused"]
    assert refused["index"] == 1
    assert refused["reason"].startswith(reason)
    assert served.stored() == (2, 1)


def test_fields_that_we_do_not_know_stay_in_the_properties(served: Served) -> None:
    served.send(an_order_body(1, till=4, properties={"shift": "late"}))
    ((_, event),) = served.app.pipeline.log.since("shop", 0, limit=9)
    assert event.properties == {"till": 4, "shift": "late"}


def test_a_failed_fold_loses_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> int:
        raise InvalidInput("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(type(served.app.pipeline), "catch_up", fails)
        served.send(an_order_body(1))
    assert served.stored() == (1, 0)
    served.send(an_order_body(2))
    assert served.app.pipeline.profiles.position("shop") == served.app.pipeline.log.position("shop")


def test_many_senders_at_once_lose_and_double_nothing(served: Served) -> None:
    def send(worker: int) -> None:
        for k in range(5):
            served.send(an_order_body(worker * 100 + k), an_order_body(999))

    workers = [threading.Thread(target=send, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert served.stored() == (21, 0)
    assert served.app.pipeline.check(served.app.pipeline.access.workspace("shop")).total == 0


def test_events_land_in_the_workspace_of_the_key(served: Served) -> None:
    served.send(an_order_body(1), key=served.issue("other", Role.INGEST))
    assert (served.stored("shop"), served.stored("other")) == ((0, 0), (1, 0))
    assert NOW.year == 2026
