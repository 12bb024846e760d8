"""Does the assistant understand what it is asked? Intent, slots and abstentions on questions with known readings.

Without --questions it reads the forty everyday questions in both languages; nothing was trained on them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field

from app.assistant.classifier import IntentClassifier
from app.assistant.router import Parts, Router, load_parts
from app.assistant.schemas import Understood
from app.assistant.slots.reader import Asked, read
from app.config import ROOT
from app.errors import InvalidInput
from app.schema import Frozen
from app.text.static import StaticEmbedder
from app.text.taxonomy import Taxonomy, load_taxonomy
from evals import planned, question_file
from evals.baselines.router import baselines
from evals.intervals import wilson
from evals.question_file import Question
from evals.scorers.router import Judged, confusions, judged, metrics
from evals.task import Metric, Sample, Say, Score, TaskResult
from evals.train.router import QUESTIONS

KNOWLEDGE = ROOT / "knowledge_base"
AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
"""When the questions are asked: relative times are read against it."""
ZONE = ZoneInfo("Asia/Shanghai")


class RouterOptions(Frozen):
    """Options of `run router`."""

    questions: Path = question_file.EVERYDAY
    """JSONL file with lines {id, lang, text, intent, slots}"""
    base_url: str = ""
    """address of a served model (http://127.0.0.1:8001/v1) whose planner reads what the router is unsure of"""
    model: str = ""
    """name of that model"""
    seed: int = Field(default=7, ge=0)
    """of the intervals' draws"""


class RouterTask:
    """The task."""

    name = "router"
    purpose = "Whether questions are understood without a model: intent, slots, when to abstain."
    options = RouterOptions

    def run(self, options: RouterOptions, say: Say) -> TaskResult:
        """Read every question and compare."""
        asked = question_file.load(options.questions)
        say(f"reading {len(asked)} questions")
        embedder = StaticEmbedder(KNOWLEDGE / "embedder")
        taxonomy = load_taxonomy(KNOWLEDGE / "taxonomy.yaml")
        parts = load_parts(KNOWLEDGE / "router", taxonomy, embedder)
        classifier = IntentClassifier(KNOWLEDGE / "router", embedder=embedder.fingerprint)
        with _reader(options, Router(classifier, parts), taxonomy) as understand:
            cases = _judged(asked, understand, parts)
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(cases),
            metrics=metrics(cases, options.seed),
            baselines=_baselines(asked, parts, embedder),
            counts={"confused": confusions(cases)},
            provenance={
                "questions": str(options.questions),
                "model": options.model or None,
                "as_of": AS_OF.isoformat(),
                **classifier.manifest.trained,
            },
            samples=[_sample(case) for case in cases],
        )


@contextmanager
def _reader(options: RouterOptions, router: Router, taxonomy: Taxonomy) -> Iterator[Callable[[str], Understood]]:
    if bool(options.base_url) != bool(options.model):
        raise InvalidInput("--base-url and --model belong together; name both, or neither")
    if not options.model:
        yield lambda text: router.understand(text, as_of=AS_OF, zone=ZONE)
        return
    with planned.planner(options.base_url, options.model, router, taxonomy) as planner:
        yield planned.reader(planner, AS_OF)


def _judged(asked: list[Question], understand: Callable[[str], Understood], parts: Parts) -> list[Judged]:
    here = Asked(AS_OF, ZONE)
    return [
        judged(question, understand(question.text), lambda words: read(words, parts.words, here).found)
        for question in asked
    ]


def _baselines(asked: list[Question], parts: Parts, embedder: StaticEmbedder) -> dict[str, dict[str, Metric]]:
    said = baselines(asked, question_file.load(QUESTIONS), parts, embedder)._asdict()
    return {
        name: {"accuracy": wilson(sum(q.intent is one for q, one in zip(asked, ones, strict=True)), len(asked))}
        for name, ones in said.items()
    }


def _sample(case: Judged) -> Sample:
    return Sample(
        id=case.question.id,
        input={"text": case.question.text, "lang": case.question.lang},
        target={"intent": case.question.intent, "slots": str(case.question.slots)},
        output={
            "intent": case.understood.intent,
            "slots": case.understood.slots.model_dump_json(exclude_none=True),
            "confidence": case.understood.confidence,
            "missing": ", ".join(case.understood.missing),
        },
        scores={
            "right": Score(float(case.right)),
            "slots": Score(case.found / case.stated if case.stated else None, None if case.stated else "states none"),
        },
    )
