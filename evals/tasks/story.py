"""Is a story worth reading? What it names of the truth, whether its citations bear it, and how it reads, rung by rung.

Stories of a demo shop's customers at the end of its log. `truth_coverage`: share of {present interest, the latest
shift's from and to, drifting away or not} that the oracle could tell of a customer (evals/ceilings/tellable.py) and
that the story's own words name (evals/scorers/story_text.py); `truth_coverage_by_claims` asks the cited claims instead.
An interest is named when it is one of at most three that the story first speaks of as present; `interest_named_first`
asks for the first of them. From and to of a shift are two things to name, `shift_named` asks for both.
`citation_precision`: citations that support their sentence / all (evals/scorers/citations.py); `citation_recall`:
sentences that state a fact, with a supporting citation and no loose number / all such. A story that a lower rung told
in the end counts as what was shown; `told_by_rung` says how often the rung itself told.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from pydantic import Field

from app.config import SMALL_MODEL, VLLM_PYTHON
from app.demo.shop import DEFAULT_SEED, DemoShop
from app.demo.synonyms import Vocabulary
from app.errors import InvalidInput
from app.llm.ladder import Rung
from app.llm.vllm import OpenAICompatibleModel
from app.schema import Frozen
from evals import shop as shops
from evals.ceilings.tellable import lives
from evals.overheard import Overheard
from evals.scorers.story_figures import Told, counts, metrics, sample
from evals.storytelling import Telling
from evals.task import Say, TaskResult
from evals.tasks.grounding import LANGUAGES
from evals.tasks.small_model import PATIENCE_S, served

MOST_CUSTOMERS = 5_000
_WHY = "oracle: a Bayes filter over drawn lives, with the simulator's parameters and the events only"


class StoryOptions(Frozen):
    """Options of `run story`."""

    rung: Rung = "composer"
    """who tells: composer, small (chooses and orders claims) or large (words the story itself)"""
    seed: int = Field(default=DEFAULT_SEED, ge=0)
    """seed of the demo shop"""
    customers: int = Field(default=200, ge=10, le=MOST_CUSTOMERS)
    """customers of the demo shop; every one is told"""
    wording: Vocabulary = "A"
    """words that its customers use: A, or the held-out B"""
    lang: Literal["zh", "en", "both"] = "both"
    """language of the stories"""
    base_url: str = ""
    """a served model's address, ending in /v1; without it `small` serves the shipped model by vLLM"""
    model: str = ""
    """the name under which it is served"""


class StoryTask:
    """The task."""

    name = "story"
    purpose = "What stories name of the demo shop's truth, whether their citations bear them, how they read; by rung."
    options = StoryOptions

    def run(self, options: StoryOptions, say: Say) -> TaskResult:
        """Tell every customer, then judge each story by its words and by the raw rows."""
        shop = DemoShop(options.seed, options.customers, options.wording)
        with (
            _model(options, say) as model,
            shops.demo(seed=options.seed, customers=options.customers, say=say, wording=options.wording) as opened,
        ):
            told = list(
                Telling(opened, shop, options.rung, model).stories(lives(shop, say), LANGUAGES[options.lang], say)
            )
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(told),
            metrics=metrics(told, rung=options.rung, seed=options.seed),
            counts=counts(told),
            provenance={
                "data": f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}",
                "rung": options.rung,
                "model": options.model or ("the shipped small model" if options.rung == "small" else None),
                "truth": _WHY,
            },
            warnings=_warnings(told, options.rung),
            samples=[sample(one) for one in told],
        )


@contextmanager
def _model(options: StoryOptions, say: Say) -> Iterator[Overheard | None]:
    """The model of the rung, overheard; None for the composer."""
    if bool(options.base_url) != bool(options.model):
        raise InvalidInput("--base-url and --model belong together; name both, or neither")
    if options.rung == "composer":
        if options.model:
            raise InvalidInput("--rung composer asks no model; leave out --base-url and --model, or name another rung")
        yield None
    elif options.model:
        yield Overheard(OpenAICompatibleModel(options.base_url, options.model, timeout_s=PATIENCE_S))
    elif options.rung == "large":
        raise InvalidInput("--rung large needs a served model; name it with --base-url and --model")
    else:
        with served(SMALL_MODEL, VLLM_PYTHON, say) as model:
            yield Overheard(model)


def _warnings(told: Sequence[Told], rung: Rung) -> list[str]:
    """What kept the rung from telling, the commonest reasons first."""
    fallen = Counter(one.story.provenance.fallback_reason for one in told if one.story.provenance.rung != rung)
    return [f"{n} stories were told by a lower rung: {reason}" for reason, n in fallen.most_common(3)]
