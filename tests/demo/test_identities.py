from collections import defaultdict
from datetime import date, datetime
from itertools import pairwise

import pytest

from app.demo.recording import APP, MARKETING, MINI_PROGRAM, REVIEWS, SOCIAL, SUPPORT_DESK, WEB
from app.demo.shop import DemoShop
from app.demo.truth import CustomerTruth, IdentityTruth, identity_truth
from app.identity.identifiers import normalise_identifiers
from tests.demo.logbook import Entry, Logbook

Users = dict[str, dict[int, list[datetime]]]


@pytest.fixture(scope="module")
def who_is_who(shop: DemoShop) -> IdentityTruth:
    return identity_truth(shop)


@pytest.fixture(scope="module")
def users(log: Logbook) -> Users:
    """Normal form of an identifier -> customer -> the moments of its use."""
    found: Users = defaultdict(lambda: defaultdict(list))
    for entry in log.entries:
        for key in keys_of(entry):
            found[key][entry.customer].append(entry.at)
    return found


def keys_of(entry: Entry) -> list[str]:
    return [identifier.key for identifier in normalise_identifiers(entry.event.identifiers)]


def written_in(entry: Entry) -> set[str]:
    return {f"{kind}:{value}" for kind, value in entry.event.identifiers.items()}


def test_every_name_in_the_log_is_its_customers_on_that_day_or_names_nobody(
    log: Logbook, shop: DemoShop, who_is_who: IdentityTruth
) -> None:
    for entry in log.entries:
        day = entry.at.astimezone(shop.workspace.zone).date()
        for key in keys_of(entry):
            assert key in who_is_who.junk or entry.customer in who_is_who.owners_on(key, day)


def test_every_record_names_its_customer_beside_any_junk(log: Logbook, who_is_who: IdentityTruth) -> None:
    assert all(set(keys_of(entry)) - who_is_who.junk for entry in log.entries)


def test_about_one_record_in_a_hundred_holds_a_name_of_nobody(log: Logbook, who_is_who: IdentityTruth) -> None:
    held = [written_in(entry) & who_is_who.junk for entry in log.entries]
    assert 0.008 < sum(map(bool, held)) / len(held) < 0.014
    found = set[str]().union(*held)
    assert {"user_id:null", "phone:13800138000", "anonymous:undefined"} <= found


def test_some_names_of_nobody_look_like_real_ones_and_belong_to_many(users: Users, who_is_who: IdentityTruth) -> None:
    passed = {key: len(users[key]) for key in who_is_who.junk if key in users}
    assert "device:00000000-0000-0000-0000-000000000000" not in passed
    assert passed["phone:13888888888"] > 10
    assert all(passed[f"device:store-pad-{number:02d}"] > 3 for number in (1, 2, 3))


def test_only_devices_and_numbers_given_up_are_shared(users: Users, who_is_who: IdentityTruth) -> None:
    shared = {key for key, by in users.items() if len(by) > 1} - who_is_who.junk
    assert {key.partition(":")[0] for key in shared} == {"device", "phone"}


def test_five_in_a_hundred_share_a_device_and_use_it_at_the_same_time(
    users: Users, truths: tuple[CustomerTruth, ...]
) -> None:
    sharing = {t.index: t.shares_device_with for t in truths if t.shares_device_with is not None}
    assert all(sharing[other] == index for index, other in sharing.items())
    assert 0.035 < len(sharing) / len(truths) < 0.075
    tablets = [by for key, by in users.items() if key.startswith("device:pad-") and len(by) > 1]
    assert sum(len(by) for by in tablets) >= 0.7 * len(sharing)
    assert any(min(a) < max(b) and min(b) < max(a) for a, b in (by.values() for by in tablets))


def test_two_in_a_hundred_have_the_number_of_one_who_left_and_never_used_it_again(
    users: Users, who_is_who: IdentityTruth, truths: tuple[CustomerTruth, ...]
) -> None:
    new_owners = [t for t in truths if t.phone_formerly_of is not None]
    assert 0.01 < len(new_owners) / len(truths) < 0.03
    for t in new_owners:
        (number,) = (held.key for held in t.identifiers if held.key.startswith("phone:"))
        former = truths[t.phone_formerly_of or 0]
        assert [who for who, _ in who_is_who.owners[number]] == [former.index, t.index]
        assert former.churned_on
        assert former.churned_on < t.joined_on
        used = users[number]
        if former.index in used and t.index in used:
            assert max(used[former.index]) < min(used[t.index])


def test_names_that_are_replaced_follow_each_other(truths: tuple[CustomerTruth, ...]) -> None:
    browsers = [[held for held in t.identifiers if held.key.startswith("anonymous:")] for t in truths]
    assert sum(len(held) > 1 for held in browsers) > 0.6 * len(browsers)
    for held in browsers:
        assert all(a.until == b.since for a, b in pairwise(held))
        assert held[-1].until == date(2026, 10, 31)


def test_openids_belong_to_an_app_and_some_customers_use_both(users: Users) -> None:
    apps = defaultdict(set)
    for key, by in users.items():
        if key.startswith("openid:"):
            for customer in by:
                apps[customer].add(key.split(":")[1])
    assert set[str]().union(*apps.values()) == {"wxmall", "wxclub"}
    assert sum(len(used) == 2 for used in apps.values()) > 0.1 * len(apps)


def test_every_source_stamps_time_in_its_own_way(log: Logbook) -> None:
    stamps = {entry.source: entry.event.occurred_at for entry in log.entries}
    web, desk, reviews, social = (str(stamps[source]) for source in (WEB, SUPPORT_DESK, REVIEWS, SOCIAL))
    assert isinstance(stamps[APP], int)
    assert stamps[APP] > 10**12
    assert isinstance(stamps[MINI_PROGRAM], int)
    assert stamps[MINI_PROGRAM] < 10**10
    assert web.endswith("+08:00")
    assert desk.endswith("Z")
    assert str(stamps[MARKETING]).endswith("Z")
    assert datetime.fromisoformat(reviews).tzinfo is None
    assert social.isdigit()


def test_who_follows_on_a_social_network_is_known_by_a_handle_that_one_record_links(log: Logbook) -> None:
    linked = {str(e.event.identifiers["social"]) for e in log.of_kind("identify") if e.source == SOCIAL}
    posts = [entry for entry in log.entries if entry.source == SOCIAL and entry.event.kind == "share"]
    assert posts
    assert all(entry.event.text and entry.event.identifiers["social"] in linked for entry in posts)


def test_nobody_follows_before_they_are_registered(log: Logbook) -> None:
    following = {entry.customer: entry.at for entry in reversed(log.of_kind("follow"))}
    registered = {e.customer: e.at for e in reversed(log.of_kind("identify")) if e.source != SOCIAL}
    assert len(following) > 20
    assert [customer for customer, at in following.items() if at < registered[customer]] == []
