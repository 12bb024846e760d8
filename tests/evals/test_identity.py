from evals.benchmarks.harness import Flatness, compare, run
from evals.benchmarks.identity import IdentityBench
from evals.people import log, people
from evals.scorers.identity import Item, pair_metrics
from evals.tasks.identity import Identity, IdentityOptions


def item(customer: str, *owners: int) -> Item:
    return Item(frozenset(owners), customer)


def test_pairs_count_shared_things_for_both_owners_and_junk_for_nobody() -> None:
    found = pair_metrics([item("a", 1), item("a", 1), item("a", 1, 2), item("b", 2), item("b")])
    assert (found["pairwise_precision"].value, found["pairwise_precision"].n) == (3 / 4, 4)
    assert (found["pairwise_recall"].value, found["pairwise_recall"].n) == (3 / 4, 4)
    assert found["largest_cluster_ratio"].value == 1


def test_the_labelled_world_has_the_shares_that_it_says() -> None:
    everybody = people(400, seed=3)
    assert sum(person.tablet is not None for person in everybody) == 20
    phones = [person.phone for person in everybody]
    assert len(phones) - len(set(phones)) == 8
    assert log(everybody, seed=3, each=3) == log(people(400, seed=3), seed=3, each=3)


def test_guards_keep_people_apart_whom_a_naive_union_makes_one() -> None:
    result = Identity().run(IdentityOptions(seed=5, customers=150, shop_customers=50), lambda _: None)
    assert (result.metrics["pairwise_precision"].value or 0) > 0.99
    assert (result.metrics["pairwise_recall"].value or 0) > 0.9
    assert (result.baselines["naive_union"]["pairwise_precision"].value or 1) < 0.2


def test_the_bench_s_gates_hold_on_small_worlds() -> None:
    with IdentityBench(scale=0.01, rounds=1).prepare() as contests:
        for contest in contests:
            report = compare(contest, lambda _: None) if isinstance(contest, Flatness) else run(contest, lambda _: None)
            assert report.ours > 0
