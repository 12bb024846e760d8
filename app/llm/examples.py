"""Few-shot examples of a prompt: invented questions with the answers that we would wish for, checked when loaded.

They lie in `examples/NAME.yaml` beside the prompts and stand in the system section, the same for every customer.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from app.errors import InvalidInput
from app.schema import Frozen


class Example(Frozen):
    """One question and its answer."""

    values: dict[str, str]
    """What the prompt's variables hold, all of them."""
    answer: dict[str, JsonValue]
    """An answer that fits the prompt's output class."""

    @property
    def said(self) -> str:
        """The answer as a model is to write it."""
        return json.dumps(self.answer, ensure_ascii=False, separators=(",", ":"))


_EXAMPLES = TypeAdapter(tuple[Example, ...])


def load_examples(path: Path, output: type[BaseModel], variables: Sequence[str]) -> tuple[Example, ...]:
    """The examples in a file. InvalidInput names the first that gives other values or does not fit `output`."""
    try:
        found = _EXAMPLES.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise InvalidInput(f"examples of prompt {path.stem}: {error}") from error
    for number, example in enumerate(found, 1):
        _check(f"examples of prompt {path.stem}: number {number}", example, output, set(variables))
    return found


def _check(where: str, example: Example, output: type[BaseModel], variables: set[str]) -> None:
    if set(example.values) != variables:
        raise InvalidInput(f"{where}: it must give exactly the values {', '.join(sorted(variables))}")
    try:
        output.model_validate_json(example.said, strict=True)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, fault["loc"])) or "answer"
        raise InvalidInput(f"{where}: its answer does not fit {output.__name__}: {place}: {fault['msg']}") from error


def shown(questions_and_answers: Mapping[str, str]) -> str:
    """Examples as they stand in a prompt: each question as a user section, then its answer."""
    parts = (
        f"### Example {number}\n{question}\nAnswer:\n{answer}"
        for number, (question, answer) in enumerate(questions_and_answers.items(), 1)
    )
    return "\n\n".join(parts)
