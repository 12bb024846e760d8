"""Record what a real model server answers to our prompts: tests/golden/answers/MODEL.jsonl, read by the parser's tests.

    python scripts/record_answers.py --base-url http://127.0.0.1:8001/v1 --model tiny-random

Every prompt about a customer is asked for a few customers of a demo shop, with its schema and its sampling. The bodies
are kept as they came. The customers are invented, so nothing here is anybody's.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import httpx

from app.config import ROOT
from app.llm.chat_model import Question
from app.llm.vllm import response_format
from evals.benchmarks.prompts import Asked, overheard

ANSWERS = ROOT / "tests" / "golden" / "answers"
CUSTOMERS, LISTENED, EACH = 200, 60, 2
"""Of the demo shop; questions listened to; those of them recorded for each output class."""
CUT_OFF, UNGUIDED = 8, 60
"""Tokens of an answer that is cut off, and of one without a schema."""


def main() -> None:
    """Ask and write; the file is replaced as a whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-url", required=True, help="of an OpenAI-compatible server, ending in /v1")
    parser.add_argument("--model", required=True, help="name under which it serves its model")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, httpx.Client(timeout=300, trust_env=False) as http:
        lines = [
            json.dumps(line, ensure_ascii=False)
            for question in _few_of_each(islice(overheard(Path(folder), CUSTOMERS), LISTENED))
            for line in _recorded(http, given.base_url, given.model, question)
        ]
    ANSWERS.mkdir(exist_ok=True)
    (ANSWERS / f"{given.model}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _few_of_each(batch: Iterator[Asked]) -> Iterator[Question]:
    told: Counter[str] = Counter()
    for asked in batch:
        name = asked.question.schema.name if asked.question.schema else ""
        told[name] += 1
        if told[name] <= EACH:
            yield asked.question


def _recorded(http: httpx.Client, base_url: str, model: str, question: Question) -> Iterator[dict[str, object]]:
    """The output class and the body that came back: as we ask, cut off early, and without a schema to keep to."""
    assert question.schema is not None
    asked: dict[str, object] = {
        "model": model,
        "messages": [message._asdict() for message in question.messages],
        "temperature": question.sampling.temperature,
        "seed": question.sampling.seed,
    }
    strict, longest = response_format(question.schema), question.sampling.max_tokens
    ways: dict[str, dict[str, object]] = {
        "as asked": {"response_format": strict, "max_completion_tokens": longest},
        "cut off": {"response_format": strict, "max_completion_tokens": CUT_OFF},
        "unguided": {"max_completion_tokens": UNGUIDED},
    }
    for how, more in ways.items():
        answer = http.post(f"{base_url.rstrip('/')}/chat/completions", json=asked | more)
        print(question.schema.name, how, answer.status_code, len(answer.content))
        yield {"output": question.schema.name, "how": how, "status": answer.status_code, "body": answer.text}


if __name__ == "__main__":
    main()
