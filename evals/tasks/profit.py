"""What do the engine's recommendations truly earn? On a demo shop that it meets for the first time.

The log and the past campaigns of the shop lie in the product. At the log's end it is asked about every customer what
it would do, and the shop's truth says what that message is expected to bring: margin on the additional order value
within ten days, less redeemed offers and sending, as scorers/profit.py has it. No contact is 0 by definition.

- What a message speaks of is the topic of its first theme; a first theme without one that quotes the past arm speaks
  of what that arm truly spoke of, any other of nothing in particular.
- All obey the product's consent and frequency. A message to somebody who by the truth has not agreed to the channel is
  not sent, and tallied as `refused`.
- `lost_...`: of the distance to the oracle, what lies in not writing, in the topic, then the channel, then the offer.
- Profits are expectations: intervals say how far another draw of customers would differ. Another seed is another shop,
  with other outcomes to learn from.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import Field

from app.demo.shop import DEFAULT_SEED, DemoShop
from app.demo.synonyms import Vocabulary
from app.retrieval.schemas import Channel
from app.schema import Frozen
from evals import shop as shops
from evals.baselines.policies import best_single, rfm8
from evals.ceilings.contacts import ContactOracle, Lost
from evals.intervals import Floats, draw, interval
from evals.recommended import Asked, ask
from evals.scorers.profit import WINDOW_DAYS, Contact, TrueProfit
from evals.shop import Open
from evals.task import Metric, Plain, Sample, Say, Score, TaskResult

OURS = "ours"
BASELINES = ("rfm8_policy", "best_single_campaign", "no_contact")
CEILINGS = ("oracle", "retrieved", "one_campaign")
METRIC = "profit_per_customer"
ROUNDS = 1000
_FEN = 100

Contacts = Sequence[Contact | None]
"""One per customer of the shop, None for no contact."""


class ProfitOptions(Frozen):
    """Options of `run profit`."""

    seed: int = Field(default=DEFAULT_SEED, ge=0)
    """seed of the demo shop and the bootstrap"""
    customers: int = Field(default=400, ge=20, le=5_000)
    """customers of the demo shop"""
    wording: Vocabulary = "A"
    """words that its customers use: A, or the held-out B"""


class _Met(NamedTuple):
    """What is left of the shop in the product, once it is closed."""

    asked: list[Asked]
    truly: TrueProfit
    single: str
    """The best single campaign, as `campaign_id/arm_id`."""


class ProfitTask:
    """The task."""

    name = "profit"
    purpose = "What recommendations truly earn on a demo shop, beside fixed policies and by its truth."
    options = ProfitOptions

    def run(self, options: ProfitOptions, say: Say) -> TaskResult:
        """Let everybody decide about the same customers, and ask the truth."""
        shop = DemoShop(options.seed, options.customers, options.wording)
        met = _meet(shop, say)
        say("asking the oracle")
        oracle = ContactOracle(met.truly)
        best = [oracle.best(i, one.channels) for i, one in enumerate(met.asked)]
        contacts = _decide(met) | {"oracle": [one.contact for one in best]} | _know(met, oracle)
        columns = {who: _profits(met.truly, of) for who, of in contacts.items()}
        lost = [oracle.lost(i, contacts[OURS][i], one.channels, best[i]) for i, one in enumerate(met.asked)]
        drawn = _drawn(columns | _losses(lost), options.seed)
        figures = {who: _figures(drawn[who], of) for who, of in contacts.items()}
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=options.customers,
            metrics=figures[OURS] | _beside(drawn, options.customers),
            baselines={who: figures[who] for who in BASELINES},
            ceilings={"oracle": {}, "naive": {}} | {who: figures[who] for who in CEILINGS},
            differences=_differences(drawn, options.customers),
            counts=_counts(met.asked, contacts),
            provenance=_provenance(options, met),
            samples=[_sample(shop, i, contacts, columns) for i in range(options.customers)],
        )


def _meet(shop: DemoShop, say: Say) -> _Met:
    with shops.demo(seed=shop.seed, customers=shop.customers, wording=shop.wording, say=say) as opened:
        truly = TrueProfit(shop, opened.pipeline.policy.default_margin)
        asked = ask(opened, shop, truly, say)
        return _Met(asked, truly, _best_single(opened, asked))


def _best_single(opened: Open, asked: Sequence[Asked]) -> str:
    reach = {channel: sum(channel in one.channels for one in asked) / len(asked) for channel in Channel}
    cases = opened.pipeline.knowledge_base.cases(opened.workspace.workspace_id)
    return best_single(cases, opened.pipeline.policy.default_margin, reach, as_of=opened.now)


def _decide(met: _Met) -> dict[str, Contacts]:
    """What those do who do not know the truth."""
    single = met.truly.past[met.single]
    return {
        OURS: [one.contact(met.truly.past) for one in met.asked],
        "rfm8_policy": [_by_class(one) for one in met.asked],
        "best_single_campaign": _to_all(Contact(single.arm.channel, single.arm.offer, single.about), met.asked),
        "no_contact": [None for _ in met.asked],
    }


def _by_class(asked: Asked) -> Contact | None:
    if asked.known is None:
        return None
    profile = asked.known.request.profile
    first = profile.interests[0].topic if profile.interests else ""
    return rfm8(profile.rfm_class, first, asked.channels)


def _to_all(contact: Contact, asked: Sequence[Asked]) -> Contacts:
    return [contact if contact.channel in one.channels else None for one in asked]


def _know(met: _Met, oracle: ContactOracle) -> dict[str, Contacts]:
    """What those do who know it, but have only the arms that the engine found, or one arm for all."""
    single = oracle.one_for_all([one.channels for one in met.asked])
    return {
        "retrieved": [oracle.of_kinds(i, one.kinds_found()).contact for i, one in enumerate(met.asked)],
        "one_campaign": _to_all(single, met.asked),
    }


def _profits(truly: TrueProfit, contacts: Contacts) -> Floats:
    """In major units."""
    return np.array([truly.of(i, contact).total / _FEN for i, contact in enumerate(contacts)])


def _losses(lost: Sequence[Lost]) -> dict[str, Floats]:
    return {
        f"lost_{reason}": np.array(of) / _FEN for reason, of in zip(Lost._fields, zip(*lost, strict=True), strict=True)
    }


def _drawn(columns: Mapping[str, Floats], seed: int) -> dict[str, Floats]:
    """Means over redrawn customers; all share their draws, so that differences and ratios are paired."""
    table = np.column_stack(list(columns.values()))
    n = len(table)
    return draw(lambda w: dict(zip(columns, (w @ table / n).tolist(), strict=True)), n, rounds=ROUNDS, seed=seed)


def _figures(drawn: Floats, contacts: Contacts) -> dict[str, Metric]:
    n = len(contacts)
    written = sum(contact is not None for contact in contacts)
    offered = sum(contact is not None and contact.offer is not None for contact in contacts)
    return {METRIC: interval(drawn, n), "contacted_share": _share(written, n), "offer_share": _share(offered, n)}


def _share(count: int, n: int) -> Metric:
    """Of exactly these customers, so without an interval."""
    return Metric(count / n, None, None, n)


def _beside(drawn: Mapping[str, Floats], n: int) -> dict[str, Metric]:
    """Over a baseline, where that earns anything, and more than it; the share of the oracle; where the rest is lost."""
    times = {f"times_{who}": interval(_over(drawn[OURS], drawn[who]), n) for who in BASELINES[:2]}
    more = {f"minus_{who}": interval(drawn[OURS] - drawn[who], n) for who in BASELINES[:2]}
    lost = {name: interval(values, n) for name, values in drawn.items() if name.startswith("lost_")}
    return times | more | {"oracle_share": interval(_over(drawn[OURS], drawn["oracle"]), n)} | lost


def _over(ours: Floats, theirs: Floats) -> Floats:
    """Undefined where nothing, or less, is earned."""
    return np.divide(ours, theirs, out=np.full_like(ours, np.nan), where=theirs > 0)


def _differences(drawn: Mapping[str, Floats], n: int) -> dict[str, dict[str, Metric]]:
    return {who: {METRIC: interval(drawn[OURS] - drawn[who], n)} for who in BASELINES}


def _counts(asked: Sequence[Asked], contacts: Mapping[str, Contacts]) -> dict[str, dict[str, int]]:
    """Who sends what, by channel and kind of offer; and messages of ours that may not be sent."""
    mixes = {who: dict(sorted(Counter(map(_kind, of)).items())) for who, of in contacts.items()}
    mixes[OURS]["refused"] = sum(one.refused for one in asked)
    return mixes


def _kind(contact: Contact | None) -> str:
    if contact is None:
        return "nothing"
    return f"{contact.channel}+{contact.offer.type}" if contact.offer else str(contact.channel)


def _provenance(options: ProfitOptions, met: _Met) -> dict[str, Plain]:
    return {
        "data": f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}",
        "best_single_campaign": met.single,
        "window_days": WINDOW_DAYS,
        "margin": met.truly.margin,
    }


def _sample(shop: DemoShop, i: int, contacts: Mapping[str, Contacts], columns: Mapping[str, Floats]) -> Sample:
    customer = shop.plan_of(i).customer
    return Sample(
        id=str(i),
        input={"persona": customer.persona, "arc": customer.arc},
        target={"best": _told(contacts["oracle"][i])},
        output={who: _told(contacts[who][i]) for who in (OURS, "rfm8_policy")},
        scores={f"profit_{who}": Score(float(columns[who][i])) for who in (OURS, "rfm8_policy", "oracle")},
    )


def _told(contact: Contact | None) -> str:
    """`wechat+coupon 40/299 about skincare`."""
    if contact is None:
        return "nothing"
    offer = contact.offer
    worth = f" {offer.amount_minor / _FEN:g}/{offer.threshold_minor / _FEN:g}" if offer else ""
    return f"{_kind(contact)}{worth} about {contact.about or 'nothing in particular'}"
