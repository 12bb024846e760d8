"""Ten thousand past campaigns and questions about them, drawn from the taxonomy's own topics: a world to search in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, get_args

import numpy as np

from app.profile.schemas import Lifecycle, RfmClass
from app.retrieval.schemas import Arm, Audience, Campaign, Case, Channel, Objective, Outcome
from app.retrieval.situation import Situation
from app.text.taxonomy import Taxonomy

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
TITLES = (
    "{word} in {season}: come back to what you liked",
    "{season} news for everybody who looks for {word}",
    "A small thank-you with {word}, {season} only",
    "{season}{word}：老朋友回来看看",
    "{word}换新，{season}专场",
    "给喜欢{word}的你，{season}小心意",
)
SEASONS = {False: ("春天", "初夏", "秋天", "年末"), True: ("spring", "early summer", "autumn", "winter")}
WISHES = ("{word} for {season}, number {n}", "{season}想要{word}，第{n}次来看", "back for {word} after {n} days")


class Ask(NamedTuple):
    """One question: what the product is asked, and the text that its peer gets of it."""

    situation: Situation
    text: str


def past_campaigns(taxonomy: Taxonomy, count: int, *, seed: int) -> tuple[Case, ...]:
    """`count` campaigns of one arm each, randomised, over two years, in both languages."""
    dice, topics = np.random.default_rng(seed), sorted(taxonomy.topics)
    return tuple(_case(taxonomy, topics[dice.integers(len(topics))], n, dice) for n in range(count))


def questions(taxonomy: Taxonomy, *, seed: int) -> Iterator[Ask]:
    """Questions without end, no two with the same text."""
    dice, topics, n = np.random.default_rng(seed), sorted(taxonomy.topics), 0
    while True:
        n += 1
        first, second = (topics[place] for place in dice.choice(len(topics), 2, replace=False))
        text = _said(WISHES[dice.integers(len(WISHES))], taxonomy, first, dice, n)
        lifecycle = list(Lifecycle)[dice.integers(len(Lifecycle))]
        situation = Situation(text=text, topics=(first, second), lifecycle=lifecycle)
        names = taxonomy.topics[first], taxonomy.topics[second]
        yield Ask(situation, " | ".join((text, *(f"{topic.zh} {topic.en}" for topic in names))))


def text_of(case: Case, taxonomy: Taxonomy) -> str:
    """What a campaign is about, in words of both languages."""
    topics = (taxonomy.topics[topic] for topic in case.campaign.audience.topics)
    return " | ".join((case.campaign.title, *case.campaign.arms[0].themes, *(f"{t.zh} {t.en}" for t in topics)))


def _case(taxonomy: Taxonomy, topic: str, n: int, dice: np.random.Generator) -> Case:
    words, ends_at = taxonomy.topics[topic].words, AS_OF - timedelta(days=float(dice.integers(20, 730)))
    classes, channels, objectives = list(RfmClass), list(Channel), get_args(Objective)
    arm = Arm(
        arm_id="a",
        channel=channels[dice.integers(len(channels))],
        themes=tuple(words[place] for place in dice.integers(len(words), size=2)),
        timing="Friday evening",
    )
    campaign = Campaign(
        campaign_id=f"c{n:05}",
        evidence_kind="randomised",
        title=_said(TITLES[dice.integers(len(TITLES))], taxonomy, topic, dice, n),
        objective=objectives[dice.integers(len(objectives))],
        audience=Audience(rfm_classes=(classes[dice.integers(len(classes))],), topics=(topic,)),
        eligible_n=4000,
        arms=(arm,),
        holdout_share=0.5,
        window_days=14,
        starts_at=ends_at - timedelta(days=7),
        ends_at=ends_at,
    )
    return Case(campaign=campaign, outcomes=(_outcome(campaign, dice),))


def _outcome(campaign: Campaign, dice: np.random.Generator) -> Outcome:
    n = int(dice.integers(200, 4000))
    groups: dict[str, int | float] = {}
    for group, share in (("treated", dice.uniform(0.05, 0.2)), ("control", 0.1)):
        buyers = int(dice.binomial(n, share))
        orders = dice.gamma(4.0, 2500.0, buyers).round()
        groups |= {f"{group}_n": n, f"{group}_conversions": buyers, f"{group}_sum": int(orders.sum())}
        groups[f"{group}_sumsq"] = float((orders * orders).sum())
    return Outcome.model_validate(
        {"campaign_id": campaign.campaign_id, "arm_id": "a", "sent": n, "computed_at": campaign.ends_at, **groups}
    )


def _said(form: str, taxonomy: Taxonomy, topic: str, dice: np.random.Generator, n: int) -> str:
    words, seasons = taxonomy.topics[topic].words, SEASONS[form.isascii()]
    return form.format(word=words[dice.integers(len(words))], season=seasons[dice.integers(len(seasons))], n=n)
