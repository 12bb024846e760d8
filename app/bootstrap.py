"""The only place that chooses implementations: settings in, a wired pipeline out."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

from app.access.schemas import Workspace
from app.access.store import AccessStore
from app.acting import Acting
from app.assistant.agent import Assistant
from app.assistant.one_turn import Parts
from app.assistant.planner import Planner
from app.assistant.replies.answering import Replies
from app.assistant.router import load_router
from app.assistant.word_reply import ReplyWriter
from app.audiences import Audiences
from app.batching import Batching
from app.briefing import Briefing
from app.config import ROOT, Settings
from app.correcting import Correcting
from app.costing import Costing
from app.database.engine import Database
from app.database.migrate import upgrade
from app.events.cleaning_report import Cleaning
from app.events.quarantine import Quarantine
from app.events.source_settings import SourceStore
from app.events.store import EventLog
from app.events.tail import Tail
from app.explaining import Explaining
from app.exporting import Exporting
from app.identity.store import IdentityStore
from app.ingest import Ingest
from app.llm.chat_model import ChatModel
from app.llm.prompts import PromptLibrary
from app.loop.approving import Approving
from app.loop.campaigning import Campaigns
from app.loop.enrolling import Enrolling
from app.loop.handing_out import HandingOut
from app.loop.measuring import Measuring
from app.merging import Merging
from app.moves import Moves
from app.pipeline import Pipeline
from app.planning import Planning
from app.portraying import Portraying
from app.predict.inputs.gathering import Gatherer
from app.predict.intent.intents import Intents
from app.predict.kept.models import Models
from app.predict.reckoning import Reckoner
from app.predict.response.answers import Answers
from app.predict.value.season import load
from app.privacy.vault import Vault
from app.profile.follow import ProfileFollower
from app.profile.store import ProfileStore
from app.profile.wants.peers import Peers
from app.reaching import Reaching
from app.reading import Reader
from app.rebuilding import Rebuilding
from app.recommending import Recommender
from app.recording import Recorder
from app.reflecting import Reflecting
from app.replay import Replay
from app.reporting import Reporting
from app.retrieval.index import FaissIndex
from app.retrieval.search import CampaignSearch
from app.retrieval.store import KnowledgeBase
from app.schema import Lang
from app.speaking import chosen_rungs, speakers
from app.strategy.audiences.store import SegmentStore
from app.strategy.gate.policy import load_policy
from app.telling import Teller
from app.text.embedder import Embedder
from app.text.embedding_server import EmbeddingServer
from app.text.sentence_folder import SentenceEmbedder
from app.text.served import ServedEmbedder
from app.text.static import MANIFEST, StaticEmbedder
from app.text.taxonomy import Taxonomy, load_taxonomy

KNOWLEDGE = ROOT / "knowledge_base"
PROMPTS = ROOT / "prompts"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class App:
    """Everything that runs, ready to be served or called."""

    settings: Settings
    database: Database
    pipeline: Pipeline
    assistant: Assistant


COLLECT_EVERY = 100_000
"""Objects made between two looks for garbage cycles. At Python's 700 the looks took a fifth of ingest's time."""


def build(settings: Settings, *, model: ChatModel | None = None) -> App:
    """Open and migrate the database and wire the pipeline. `model` overrides the large one that settings name."""
    gc.set_threshold(COLLECT_EVERY, 20, 20)
    database = Database(settings.resolved_database_url())
    upgrade(database)
    taxonomy = shipped_taxonomy()
    prompts = PromptLibrary(PROMPTS)
    rungs = chosen_rungs(settings, database)
    large = model or rungs.large
    spoken_by = speakers(settings, prompts, taxonomy, large=large, small=rungs.small)
    vault, tail = Vault(database, settings.resolved_keys_dir()), Tail()
    log, identity = EventLog(database), IdentityStore(database, vault)
    profiles = ProfileStore(database, taxonomy_hash=taxonomy.fingerprint)
    quarantine, sources = Quarantine(database, vault), SourceStore(database)
    quarantine.seal_old()
    ingester = Ingest(
        database=database, log=log, tail=tail, identity=identity, profiles=profiles, quarantine=quarantine,
        sources=sources,
    )  # fmt: skip
    follower = ProfileFollower(
        database=database, log=log, tail=tail, identity=identity, profiles=profiles, taxonomy=taxonomy
    )
    rebuilding = Rebuilding(database=database, log=log, identity=identity, profiles=profiles, follower=follower)
    calendars = load(KNOWLEDGE / "calendar.yaml")
    gatherer = Gatherer(log, identity, profiles)
    models = Models(log, gatherer, calendars, settings.data_dir / "models")
    reckoner = Reckoner(log, gatherer, calendars, models.kept)
    recorder = Recorder(database=database, log=log, identity=identity)
    peers = Peers(log, identity, profiles, taxonomy)
    reader = Reader(log=log, identity=identity, profiles=profiles, reckoner=reckoner, peers=peers, taxonomy=taxonomy)
    segments = SegmentStore(database)
    audiences = Audiences(
        log=log, identity=identity, profiles=profiles, reckoner=reckoner, peers=peers, taxonomy=taxonomy,
        segments=segments,
    )  # fmt: skip
    enrolling = Enrolling(database=database, log=log, identity=identity, reckoner=reckoner)
    knowledge_base = KnowledgeBase(database)
    search = CampaignSearch(chosen_embedder(settings), FaissIndex, taxonomy, settings.data_dir / "indexes")
    policy = load_policy(KNOWLEDGE / "policy.yaml")
    reaching = Reaching(database=database, identity=identity, profiles=profiles, follower=follower, policy=policy)
    teller = Teller(
        reader=reader,
        identity=identity,
        reckoner=reckoner,
        storyteller=spoken_by.storyteller,
        taxonomy=taxonomy,
        concern=policy.acting.concern,
    )
    explaining = Explaining(
        reader=reader, teller=teller, reckoner=reckoner, policy=policy, taxonomy=taxonomy,
        ltv_teller=spoken_by.ltv_teller, churn_reader=spoken_by.churn_reader,
    )  # fmt: skip
    briefing = Briefing(teller, explaining, spoken_by.briefer, policy, taxonomy)
    costing = Costing(database, policy, taxonomy)
    recommender = Recommender(
        database=database,
        log=log,
        ingester=ingester,
        identity=identity,
        reader=reader,
        teller=teller,
        reckoner=reckoner,
        knowledge_base=knowledge_base,
        search=search,
        copywriter=spoken_by.copywriter,
        costing=costing,
        answers=Answers(database, identity),
        policy=policy,
        taxonomy=taxonomy,
    )
    campaigns = Campaigns(
        database=database,
        log=log,
        costing=costing,
        knowledge_base=knowledge_base,
        approving=Approving(
            reckoner=reckoner,
            knowledge_base=knowledge_base,
            audiences=audiences,
            reaching=reaching,
            policy=policy,
            taxonomy=taxonomy,
        ),
        enrolling=enrolling,
        handing=HandingOut(database=database, log=log, identity=identity, reaching=reaching, enrolling=enrolling),
        measuring=Measuring(
            database=database, log=log, identity=identity, knowledge_base=knowledge_base, policy=policy
        ),
    )
    pipeline = Pipeline(
        database=database,
        access=AccessStore(database),
        log=log,
        quarantine=quarantine,
        identity=identity,
        merging=Merging(database=database, log=log, identity=identity, profiles=profiles),
        correcting=Correcting(identity=identity, recorder=recorder, taxonomy=taxonomy),
        reflecting=Reflecting(
            reader=reader,
            profiles=profiles,
            recorder=recorder,
            taxonomy=taxonomy,
            tagger=spoken_by.tagger,
            concluder=spoken_by.concluder,
        ),
        profiles=profiles,
        ingester=ingester,
        sources=sources,
        cleaning=Cleaning(database, quarantine, sources),
        replay=Replay(ingester, quarantine, sources),
        follower=follower,
        rebuilding=rebuilding,
        knowledge_base=knowledge_base,
        search=search,
        rungs=rungs,
        teller=teller,
        explaining=explaining,
        briefing=briefing,
        recommender=recommender,
        policy=policy,
        taxonomy=taxonomy,
        reckoner=reckoner,
        models=models,
        intents=Intents(database, log, identity, taxonomy),
        reader=reader,
        moves=Moves(identity, profiles, peers, taxonomy),
        reporting=Reporting(identity, gatherer, knowledge_base),
        audiences=audiences,
        portraying=Portraying(audiences, knowledge_base, search, spoken_by.segment_teller, policy, taxonomy),
        exporting=Exporting(
            log=log, identity=identity, audiences=audiences, segments=segments, reaching=reaching, policy=policy
        ),
        acting=Acting(
            database=database,
            reckoner=reckoner,
            identity=identity,
            profiles=profiles,
            recorder=recorder,
            policy=policy,
        ),
        campaigns=campaigns,
        planning=Planning(
            database=database,
            batching=Batching(recommender, profiles, follower),
            audiences=audiences,
            segments=segments,
            campaigns=campaigns,
            knowledge_base=knowledge_base,
            reckoner=reckoner,
            identity=identity,
            policy=policy,
        ),
    )
    for workspace in pipeline.access.workspaces():
        rebuilding.complete(workspace)
    router = load_router(KNOWLEDGE / "router", taxonomy, StaticEmbedder(KNOWLEDGE / "embedder"))

    def titles(workspace_id: str) -> tuple[str, ...]:
        cases = knowledge_base.cases(workspace_id)
        return tuple({case.campaign.title_in(lang): None for case in cases for lang in get_args(Lang)})

    planner = Planner(router, taxonomy, segments, prompts, large, titles)
    writer = ReplyWriter(large, prompts, taxonomy.forbidden_words())
    assistant = Assistant(database, Parts(planner, Replies(pipeline, writer), identity))
    return App(settings, database, pipeline, assistant)


def shipped_taxonomy() -> Taxonomy:
    """The taxonomy of knowledge_base, with the embedder for texts that hold none of its words."""
    return load_taxonomy(KNOWLEDGE / "taxonomy.yaml", StaticEmbedder(KNOWLEDGE / "embedder"))


def chosen_embedder(settings: Settings) -> Embedder:
    """What retrieval reads texts by: a served model, one in a folder, or the shipped one."""
    place = settings.embedder
    if "://" in place:
        key, seconds = settings.embedder_api_key.get_secret_value(), settings.embedder_timeout_s
        return ServedEmbedder(EmbeddingServer(place, api_key=key, timeout_s=seconds), settings.embedder_model)
    folder = Path(place).expanduser() if place else KNOWLEDGE / "embedder"
    return StaticEmbedder(folder) if (folder / MANIFEST).is_file() else SentenceEmbedder(folder)


def load_demo(app: App, *, now: datetime, progress: Progress = lambda _: None) -> Workspace:
    """The demo workspace, filled with the seeded shop that settings name when it is empty."""
    from app.demo.load import load_shop
    from app.demo.shop import DemoShop

    shop = DemoShop(seed=app.settings.demo_seed, customers=app.settings.demo_customers)
    return load_shop(app.pipeline, shop, now=now, progress=progress)
