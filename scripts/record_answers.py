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
from pathlib import Path

import httpx

from app.config import ROOT
from app.llm.chat_model import Question
from app.llm.vllm import response_format
from evals.benchmarks.prompts import Asked, overheard

ANSWERS = ROOT / "tests" / "golden" / "answers"
CUSTOMERS, EACH = 30, 2
"""Of the demo shop; answers recorded for each output class."""


def main() -> None:
    """Ask and write; the file is replaced as a whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-url", required=True, help="of an OpenAI-compatible server, ending in /v1")
    parser.add_argument("--model", required=True, help="name under which it serves its model")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, httpx.Client(timeout=300, trust_env=False) as http:
        lines = [
            json.dumps(_recorded(http, given.base_url, given.model, question), ensure_ascii=False)
            for question in _few_of_each(overheard(Path(folder), CUSTOMERS))
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


def _recorded(http: httpx.Client, base_url: str, model: str, question: Question) -> dict[str, object]:
    """The question's output class and schema, and the body that came back, whatever it is."""
    assert question.schema is not None
    body = {
        "model": model,
        "messages": [message._asdict() for message in question.messages],
        "response_format": response_format(question.schema),
        "temperature": question.sampling.temperature,
        "seed": question.sampling.seed,
        "max_completion_tokens": question.sampling.max_tokens,
    }
    answer = http.post(f"{base_url.rstrip('/')}/chat/completions", json=body)
    print(question.schema.name, answer.status_code, len(answer.content))
    return {"output": question.schema.name, "status": answer.status_code, "body": answer.text}


if __name__ == "__main__":
    main()
