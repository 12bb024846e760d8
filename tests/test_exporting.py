"""Audiences of a real log: live counts, who is exported and who is not, and what stays on record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import Conflict, InvalidInput
from app.exporting import new_file
from app.retrieval.schemas import Channel
from app.strategy.audiences.schemas import LeftOut
from tests.factories import an_incoming
from tests.factories_audiences import NOW, SHOP, Shop, agreed, bought, of


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.app.database.close()


def test_counts_follow_the_fold(shop: Shop) -> None:
    assert shop.count("orders >= 2") == 0
    shop.send(bought(1, 20), bought(2, 20))
    assert shop.count("orders >= 2") == 2
    assert shop.count("orders >= 2 and last_order = 2026-01-21") == 2


def test_only_who_agreed_is_exported_and_the_others_are_counted(shop: Shop) -> None:
    shop.send(
        agreed(1), agreed(2), agreed(2, 2, granted=False), agreed(3, channel="email"), agreed(4),
        of(4, "identify", 3, properties={"traits": {"do_not_contact": "true"}}),
    )  # fmt: skip
    record, rows = shop.export()
    assert [row["phone"] for row in rows] == ["13900000001"]
    assert record.left_out == {LeftOut.SUPPRESSED: 1, LeftOut.NO_CONSENT: 4}
    assert (record.members, record.customers, record.channel) == (6, 1, Channel.SMS)
    assert (rows[0]["purpose"], rows[0]["basis"], rows[0]["channels"]) == ("marketing", "consent", "sms")
    assert rows[0]["basis_event"]
    assert rows[0]["basis_at"].startswith("2026-01-02")


def test_who_was_written_to_often_enough_waits(shop: Shop) -> None:
    sent = [of(1, "campaign_sent", 10 + n / 10, properties={"channel": "email"}, campaign_id="k") for n in range(9)]
    shop.send(agreed(1), agreed(2), *sent)
    record, rows = shop.export()
    assert [row["phone"] for row in rows] == ["13900000002"]
    assert record.left_out[LeftOut.FREQUENCY] == 1


def test_who_has_no_address_for_the_channel_is_left_out(shop: Shop) -> None:
    shop.send(agreed(1, channel="email"), agreed(2, channel="email"))
    shop.send(of(2, "view", 11, identifiers={"user_id": "u2", "email": "two@example.com"}))
    record, rows = shop.export(channel=Channel.EMAIL)
    assert [row["email"] for row in rows] == ["two@example.com"]
    assert record.left_out[LeftOut.NO_ADDRESS] == 1


def test_without_a_channel_no_contact_data_leave_and_some_consent_is_needed(shop: Shop) -> None:
    shop.send(agreed(1), agreed(3, channel="email"))
    _, rows = shop.export(channel=None, kind="jsonl")
    assert [row["channels"] for row in rows] in (["sms", "email"], ["email", "sms"])
    assert not any("1390000" in str(value) or key == "phone" for row in rows for key, value in row.items())


def test_rows_come_in_one_order_and_the_record_has_the_files_hash(shop: Shop) -> None:
    shop.send(*(agreed(number) for number in range(1, 7)))
    first, rows = shop.export()
    second, again = shop.export()
    assert rows == again
    assert [row["customer_id"] for row in rows] == sorted(row["customer_id"] for row in rows)
    assert first.sha256 == second.sha256
    assert {one.export_id for one in shop.app.pipeline.exporting.exports(SHOP, limit=9)} == {
        first.export_id,
        second.export_id,
    }


def test_a_saved_segment_is_exported_by_its_name(shop: Shop) -> None:
    audiences = shop.app.pipeline.audiences
    made = audiences.save(SHOP, "买过", "orders >= 1", by="x", now=NOW, as_of=shop.clock, lang="en")
    record, _ = shop.export("买过")
    assert (record.segment_id, record.expression) == (made.segment.segment_id, "orders >= 1")
    assert audiences.saved(SHOP, as_of=shop.clock, lang="en")[0].count == made.count


def test_a_bad_expression_exports_nothing(shop: Shop) -> None:
    with pytest.raises(InvalidInput, match="是不是 `orders`"):
        shop.export("order >= 1")
    assert shop.app.pipeline.exporting.exports(SHOP, limit=9) == ()


def test_an_unmerged_refusal_keeps_its_customer_out(shop: Shop) -> None:
    shop.send(agreed(1))
    shop.send(an_incoming("consent", 5, identifiers={"phone": "13900000001"}, properties={"granted": False}))
    record, rows = shop.export()
    assert (rows, record.left_out[LeftOut.NO_CONSENT]) == ([], 6)
    assert shop.count("consent(sms)") == 0


def test_a_file_has_its_name_when_it_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"

    def half() -> None:
        with new_file(path) as out:
            out.write(b"half")
            raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"):
        half()
    assert list(tmp_path.iterdir()) == []
    with new_file(path) as out:
        out.write(b"whole")
    assert path.read_bytes() == b"whole"
    with pytest.raises(Conflict, match="never overwrites"), new_file(path):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_nobody_is_chosen_by_what_the_sensitivity_list_forbids(shop: Shop) -> None:
    asked = ("attribute(note) contains 怀孕", 'any attribute(value = "pregnancy")', "attribute(怀孕) is known")
    for expression in asked:
        with pytest.raises(InvalidInput, match="不得记录"):
            shop.export(expression)
