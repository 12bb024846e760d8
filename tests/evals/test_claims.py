"""The claims task: what the product claims of a file holds, and whatever is changed in a claim is caught."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from app.narrative.ground import Grounded, Ungrounded
from app.narrative.schemas import Claim, Marker, Predicate
from evals import shop
from evals.cli import main
from evals.scorers.grounding import known_of
from evals.scorers.ledger import Ledger
from evals.scorers.meanings.known import Known
from evals.tasks.claims import Checked, Claims, ClaimsOptions, Made, check, made, opened

MAPPING = """
source: pos
timezone: Europe/London
currency: GBP
kind: {column: what, values: {see: view, take: cart_add, buy: order, ask: search}}
occurred_at: {column: at}
identifiers: {user_id: who}
amount: {column: paid, unit: major}
order_id: basket
item_id: item
text: words
items: {item_id: item, title: title}
"""
WANTS = {"ann": ("mug", "tent", "doll"), "bob": ("tent", "mug", "mug"), "eve": ("doll", "doll", "tent")}
TITLES = {"mug": "tea mug", "tent": "camping tent", "doll": "toy doll"}


def rows() -> Iterator[str]:
    """Three customers who change what they want, with carts, orders and searches over seven months."""
    yield "who,what,at,item,basket,paid,words"
    for n, (who, wants) in enumerate(WANTS.items()):
        for visit in range(28):
            item = wants[visit * len(wants) // 28]
            at = datetime(2025, 3, 1, 9 + n) + timedelta(days=7 * visit + n)
            yield f"{who},ask,{at.isoformat()},,,,{TITLES[item]}"
            for page in range(3):
                yield f"{who},see,{(at + timedelta(minutes=1 + page)).isoformat()},{item},,,"
            if visit % 3 == 0:
                yield f"{who},take,{(at + timedelta(minutes=5)).isoformat()},{item},,,"
            if visit % 6 == 0:
                yield f"{who},buy,{(at + timedelta(minutes=6)).isoformat()},{item},{who}{visit},{10 + visit}.50,"


@dataclass(frozen=True)
class World:
    """One customer's claims, as the product makes them, and the rows they are judged by."""

    customer_id: str
    product: Made
    known: Known

    def check(self, *claims: Claim, dropped: tuple[Ungrounded, ...] = ()) -> Checked:
        changed = self.product._replace(claims=Grounded(claims, dropped))
        return check(self.customer_id, changed, self.known)


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> ClaimsOptions:
    folder = tmp_path_factory.mktemp("files")
    (folder / "events.csv").write_text("\n".join(rows()) + "\n")
    (folder / "mapping.yaml").write_text(MAPPING)
    (folder / "items.csv").write_text("item,title\n" + "".join(f"{i},{title}\n" for i, title in TITLES.items()))
    names = {"events": "events.csv", "mapping": "mapping.yaml", "items": "items.csv"}
    return ClaimsOptions.model_validate({name: folder / file for name, file in names.items()})


@pytest.fixture(scope="module")
def world(options: ClaimsOptions) -> World:
    with opened(options, lambda _: None) as open_:
        as_of = open_.pipeline.clock(open_.workspace, now=open_.now)
        return _world(open_, as_of)


def _world(open_: shop.Open, as_of: datetime) -> World:
    with Ledger(open_.database_url, open_.workspace.workspace_id, open_.pipeline.taxonomy) as ledger:
        customer_id, found = next(ledger.histories(as_of, set(ledger.customers(as_of))))
        known = known_of(ledger, customer_id, found, as_of)
        assert known.standings is not None
        standings = known.standings()  # read while the database is there
        known.standings = lambda: standings
        return World(customer_id, made(open_, customer_id, as_of), known)


def test_what_the_product_claims_of_a_file_holds(options: ClaimsOptions) -> None:
    result = Claims().run(options, lambda _: None)
    assert result.n == 3
    assert [s.scores["faults"].why for s in result.samples] == [None] * 3
    for name in ("claims_wrong", "claims_unchecked", "claims_dropped", "markers_unresolved"):
        assert result.metrics[name].value == 0, name
        assert result.metrics[name].n > 30, name
    assert result.counts["claims_checked"]["interest"] >= 3
    assert sum(result.counts["claims_checked"].values()) == result.metrics["claims_wrong"].n


def test_a_limit_takes_so_many_customers(options: ClaimsOptions) -> None:
    assert Claims().run(options.model_copy(update={"limit": 2}), lambda _: None).n == 2


def test_every_planted_number_is_caught(world: World) -> None:
    for claim in world.product.claims.claims:
        for name in ("value", "compared_to", "out_of", "compared_out_of", "weight", "low", "high"):
            said = getattr(claim, name)
            chosen = claim.predicate is Predicate.INTEREST_SHIFT and name in ("out_of", "compared_out_of")
            if said is not None and not chosen:  # by how many visits a change is told is the product's choice
                found = world.check(claim.model_copy(update={name: said + 1}))
                assert found.wrong.total() == 1, (claim.predicate, name)


def test_every_planted_event_is_caught(world: World) -> None:
    for claim in world.product.claims.claims:
        lie = claim.model_copy(update={"evidence": ("nowhere",), "query_ref": None})
        assert world.check(lie).wrong.total() == 1, claim.predicate


def test_a_claim_about_somebody_else_is_wrong(world: World) -> None:
    claim = world.product.claims.claims[0].model_copy(update={"subject": "c_other"})
    assert world.check(claim).wrong == {str(claim.predicate): 1}


def test_what_the_product_dropped_is_counted(world: World) -> None:
    claim = world.product.claims.claims[0]
    found = world.check(dropped=(Ungrounded(claim, "the events do not support it"),))
    assert (found.dropped.total(), found.wrong.total()) == (1, 0)


def test_a_marker_that_leads_nowhere_is_counted(world: World) -> None:
    narrative = world.product.narratives[0]
    assert narrative.evidence
    told = narrative.model_copy(update={"evidence": narrative.evidence[1:]})
    found = check(world.customer_id, world.product._replace(narratives=(told,)), world.known)
    assert "[e1] zh" in found.unresolved
    foreign = Marker(marker="e1", events=("nowhere",), query=None)
    told = narrative.model_copy(update={"evidence": (foreign, *narrative.evidence[1:])})
    assert check(world.customer_id, world.product._replace(narratives=(told,)), world.known).unresolved


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--mapping", "mapping.yaml"], "name that file too"),
        (["--events", "events.csv"], "--mapping FILE"),
        (["--events", "nowhere.csv", "--mapping", "mapping.yaml"], "nowhere.csv"),
        (["--events", "empty.csv", "--mapping", "mapping.yaml"], "empty.csv"),
        (["--events", "events.csv", "--mapping", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_bad_input_is_one_line(
    options: ClaimsOptions, capsys: pytest.CaptureFixture[str], given: list[str], says: str
) -> None:
    assert options.events is not None
    folder = options.events.parent
    (folder / "empty.csv").write_text("who,what,at,item,basket,paid,words\n")
    placed = [str(folder / word) if "." in word else word for word in given]
    assert main(["run", "claims", *placed]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error:")
    assert says in error
