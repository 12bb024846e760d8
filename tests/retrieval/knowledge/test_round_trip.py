"""A law: whatever a case says, JSONL -> CSV -> Parquet -> JSONL gives it back, byte for byte."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from app.config import ROOT
from app.profile.schemas import RfmClass
from app.profile.stages import PriceBand, Stage
from app.retrieval.knowledge.cells import cell_list, cell_text, list_cell, text_cell
from app.retrieval.knowledge.faults import faults_of
from app.retrieval.knowledge.flat import ARM, CAMPAIGN, OUTCOME
from app.retrieval.knowledge_base import CaseFormat, read_cases, written
from app.retrieval.schemas import (
    Arm,
    Audience,
    Campaign,
    Case,
    Channel,
    Offer,
    OfferType,
    Outcome,
    Themes,
    Titles,
)

TEXTS = st.text(max_size=12) | st.sampled_from(
    ("=1+1", "'=x", "@a", "a;b", 'say "so"', "第一口\n辅食", "-", ";", "\ufeff", "\r")
)
WORDS = TEXTS.filter(bool)
NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=12)
COUNTS = st.integers(0, 10**9)
ZONES = st.sampled_from((UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=ZONES)
THEMES = st.lists(TEXTS, max_size=3).map(tuple)


@st.composite
def outcomes(draw: st.DrawFn, campaign_id: str, arm_id: str, segment: str) -> Outcome:
    sums = {}
    for group in ("treated", "control"):
        n = draw(COUNTS)
        total = draw(st.integers(-(10**9), 10**9)) if n else 0
        squares = draw(st.floats(1, 1e6)) * float(total) ** 2
        sums |= {f"{group}_n": n, f"{group}_conversions": draw(st.integers(0, n)), f"{group}_sum": total}
        sums[f"{group}_sumsq"] = squares
    return Outcome(
        campaign_id=campaign_id, arm_id=arm_id, segment=segment, sent=draw(COUNTS), cost_minor=draw(COUNTS),
        computed_at=draw(MOMENTS), **sums,
    )  # fmt: skip


@st.composite
def arms(draw: st.DrawFn, arm_id: str) -> Arm:
    offer = st.builds(
        Offer,
        type=st.sampled_from(OfferType),
        amount_minor=COUNTS,
        threshold_minor=COUNTS,
        expires_in=st.integers(1, 365),
    )
    translated = st.builds(Themes, zh=THEMES, en=THEMES).filter(lambda themes: themes != Themes())
    return Arm(
        arm_id=arm_id,
        channel=draw(st.sampled_from(Channel)),
        offer=draw(st.none() | offer),
        themes=draw(THEMES),
        translated_themes=draw(st.none() | translated),
        timing=draw(TEXTS),
        propensity=draw(st.floats(0, 1, exclude_min=True)),
    )


@st.composite
def cases(draw: st.DrawFn, campaign_id: str) -> Case:
    titles = st.builds(Titles, zh=st.none() | WORDS, en=st.none() | WORDS).filter(lambda found: found != Titles())
    starts_at = draw(MOMENTS)
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    segments = st.tuples(st.sampled_from(names), st.sampled_from(("all", *RfmClass)))
    campaign = Campaign(
        campaign_id=campaign_id,
        workspace_id=draw(st.sampled_from(("", "shop"))),
        evidence_kind=draw(st.sampled_from(("randomised", "observational", "reported", "simulated"))),
        title=draw(WORDS),
        titles=draw(st.none() | titles),
        objective=draw(st.sampled_from(("win_back", "retain", "reactivate_cart"))),
        audience=Audience(
            rfm_classes=draw(st.lists(st.sampled_from(RfmClass), max_size=3)),
            topics=draw(st.lists(TEXTS, max_size=3)),
            stages=draw(st.lists(st.sampled_from(Stage), max_size=2)),
            price_bands=draw(st.lists(st.sampled_from(PriceBand), max_size=2)),
        ),
        eligible_n=draw(COUNTS),
        arms=[draw(arms(name)) for name in names],
        holdout_share=draw(st.floats(0, 1, exclude_max=True)),
        window_days=draw(st.integers(1, 365)),
        metric=draw(st.sampled_from(("order_value", "conversion"))),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(microseconds=draw(st.integers(1, 10**12))),
        cost_minor=draw(COUNTS),
        approved_by=draw(st.none() | WORDS),
    )
    spoken = draw(st.lists(segments, max_size=4, unique=True))
    return Case(campaign=campaign, outcomes=[draw(outcomes(campaign_id, *pair)) for pair in spoken])


KNOWLEDGE_BASES = st.lists(NAMES, min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.tuples(*(cases(name) for name in names))
)


@settings(max_examples=40)
@given(KNOWLEDGE_BASES)
def test_nothing_is_lost_between_formats(known: tuple[Case, ...]) -> None:
    assert [faults_of(case) for case in known] == [[]] * len(known)
    first = written(known, "jsonl")
    found = through(known, "jsonl", "csv", "parquet")
    assert found == known
    assert written(found, "jsonl") == first


def through(known: tuple[Case, ...], *forms: CaseFormat) -> tuple[Case, ...]:
    with TemporaryDirectory() as folder:
        for form in forms:
            path = Path(folder) / f"kb.{form}"
            path.write_bytes(written(known, form))
            known = read_cases(path)
    return known


def test_every_field_has_a_column() -> None:
    places = {*CAMPAIGN.values(), *ARM.values(), *OUTCOME.values()}
    nested = {"audience": Audience, "offer": Offer, "titles": Titles, "translated_themes": Themes}
    for owner in (Campaign, Arm, Outcome):
        for name in owner.model_fields:
            inside = nested[name].model_fields if name in nested else ()
            wanted = {(name, part) for part in inside} or {(name,)}
            assert wanted <= places | {("arms",)}, f"{owner.__name__}.{name} gets lost in CSV and Parquet"


def test_the_shipped_campaigns_survive_all_formats() -> None:
    shipped = read_cases(ROOT / "knowledge_base" / "campaigns.jsonl")
    assert through(shipped, "csv", "parquet", "jsonl") == shipped


@given(TEXTS, st.lists(TEXTS, min_size=1))
def test_cells_are_read_as_they_were_meant_and_never_run(text: str, several: list[str]) -> None:
    assert cell_text(text_cell(text)) == text
    assert text_cell(text)[:1] not in tuple("=+-@\t\r")
    assert cell_list(list_cell(several)) == several
