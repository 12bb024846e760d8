"""Prompts as files: Markdown with YAML front matter, rendered by sandboxed Jinja, named by a computed fingerprint.

A file is split into its roles (`<!-- system -->`, `<!-- user -->`, `<!-- repair -->`) before anything is rendered,
so that no value can forge a role. Values are data: they are never templates, and cannot close the tag around them.
prompts/README.md says how to write one.
"""

import hashlib
import json
import pkgutil
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BaseModel, ValidationError

from app.errors import InvalidInput
from app.llm.chat_model import Message, Sampling
from app.llm.examples import load_examples, shown
from app.llm.output_schema import class_path, strict_schema
from app.schema import Frozen, Lang

ROLES = ("system", "user", "repair")
SCHEMA = "output_schema"
"""Every prompt shows this variable: the schema of its output class, never retyped."""
EXAMPLES = "examples"
"""A system section that shows this variable has few-shot examples in `examples/NAME.yaml`."""
FAULT = "fault"
"""The one extra variable of the repair section: what was wrong with the first answer."""

_MARKER = re.compile(r"^<!-- (\w+) -->[ \t]*$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_MAX_ECHO = 4000


class PromptHeader(Frozen):
    """The front matter of a prompt file."""

    purpose: str
    output: str
    """Dotted path of the pydantic class that the answer becomes."""
    variables: tuple[str, ...]
    """What the system and user sections use, no more and no less, beside `output_schema` and `examples`."""
    sampling: Sampling = Sampling()


class _Prompt(NamedTuple):
    header: PromptHeader
    roles: Mapping[str, Template]
    examples: str
    """Its few-shot examples as they are shown."""
    fingerprint: str


@dataclass(frozen=True)
class RenderedPrompt:
    """A prompt with its values in place, ready to be asked."""

    name: str
    output: str
    fingerprint: str
    sampling: Sampling
    messages: tuple[Message, ...]
    repair: Callable[[str], str] = field(repr=False, compare=False)
    """Renders the repair section around a fault."""

    def corrected(self, answer: str, fault: str) -> tuple[Message, ...]:
        """The conversation that sends a refused `answer` back with its `fault`."""
        refused = Message("assistant", as_data(answer[:_MAX_ECHO]))
        return (*self.messages, refused, Message("user", self.repair(fault)))


LANGUAGES: Mapping[Lang, str] = {"zh": "简体中文", "en": "British English"}
"""How a prompt names the language of the answer."""


class PromptLibrary:
    """All prompts of a folder, loaded and checked at once: a bad file is one clear error at start-up."""

    def __init__(self, folder: Path) -> None:
        """Read every `*.md` in `folder` except README.md; partials lie in `folder/_partials`, examples beside."""
        self._folder = folder
        self._jinja = SandboxedEnvironment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            finalize=_finalize,
            autoescape=False,  # the output is text for a model; `_finalize` guards its tags
        )
        files = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
        if not files:
            raise InvalidInput(f"no prompts in {folder}")
        self._prompts = {path.stem: self._load(path) for path in files}

    @property
    def names(self) -> tuple[str, ...]:
        """All prompts, sorted."""
        return tuple(self._prompts)

    def header(self, name: str) -> PromptHeader:
        """The front matter of one prompt."""
        return self._prompts[name].header

    def fingerprint(self, name: str) -> str:
        """First 12 hex digits of SHA-256 over the file, the partials it includes and its examples."""
        return self._prompts[name].fingerprint

    def render(self, name: str, output: type[BaseModel], values: Mapping[str, str]) -> RenderedPrompt:
        """The prompt with `values` in place; too few, too many or another output class is refused."""
        prompt = self._prompts[name]
        _require_same(f"prompt {name!r}: values", set(prompt.header.variables), set(values))
        if prompt.header.output != class_path(output):
            raise InvalidInput(f"prompt {name!r} is written for {prompt.header.output}, not {class_path(output)}")
        schema = _Trusted(json.dumps(strict_schema(output), ensure_ascii=False, separators=(",", ":")))
        given = {**values, SCHEMA: schema, EXAMPLES: _Trusted(prompt.examples)}
        return RenderedPrompt(
            name=name,
            output=prompt.header.output,
            fingerprint=prompt.fingerprint,
            sampling=prompt.header.sampling,
            messages=(
                Message("system", _text(prompt.roles["system"], given)),
                Message("user", _text(prompt.roles["user"], given)),
            ),
            repair=lambda fault: _text(prompt.roles["repair"], {FAULT: fault}),
        )

    def _load(self, path: Path) -> _Prompt:
        source = _read(path)
        header, body = _split_front_matter(source, path.name)
        sections = _split_roles(body, path.name)
        try:
            parts = {name: _read(self._folder / name) for name in sorted(self._included(body))}
            static, asked = self._used(sections["system"]), self._used(sections["user"])
            repair = self._used(sections["repair"])
            roles = {role: self._jinja.from_string(text) for role, text in sections.items()}
        except (TemplateError, OSError) as error:
            raise InvalidInput(f"prompt {path.name}: {error}") from error
        _require_same(f"prompt {path.name}: variables", {*header.variables, SCHEMA}, (static | asked) - {EXAMPLES})
        _require_same(f"prompt {path.name}: repair section", {FAULT}, repair)
        if any(_MARKER.search(text) for text in parts.values()):
            raise InvalidInput(f"prompt {path.name}: a partial holds a role marker; they belong to the prompt")
        file = self._folder / "examples" / f"{path.stem}.yaml"
        if file.exists() != (EXAMPLES in static):
            raise InvalidInput(f"prompt {path.name}: examples/{file.name} and {{{{ examples }}}} want each other")
        if file.exists():
            parts[file.name] = _read(file)
        examples = _examples(file, header, roles["user"]) if file.exists() else ""
        return _Prompt(header, roles, examples, _fingerprint(source, parts))

    def _included(self, source: str) -> set[str]:
        """All files that `source` includes, directly or not."""
        names = set(meta.find_referenced_templates(self._jinja.parse(source)))
        if None in names:
            raise TemplateError("an include must name its file")
        direct = {name for name in names if name is not None}
        return direct.union(*(self._included(_read(self._folder / name)) for name in direct))

    def _used(self, source: str) -> set[str]:
        """All variables that `source` and what it includes refer to."""
        sources = [source, *(_read(self._folder / name) for name in self._included(source))]
        return set().union(*(meta.find_undeclared_variables(self._jinja.parse(text)) for text in sources))


class _Trusted(str):
    """Text that we made ourselves and that may hold tags."""

    __slots__ = ()


def _finalize(value: object) -> object:
    return value if isinstance(value, _Trusted) or not isinstance(value, str) else as_data(value)


def as_data(value: str) -> str:
    """`value` with nothing in it that a model's tokenizer or reader could take for a tag, a role or a hidden order.

    Angle brackets become their full-width forms; characters that cannot be seen (controls, zero-width, bidi marks,
    tag characters, lone surrogates) are dropped.
    """
    visible = (c for c in value if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return "".join(visible).translate({ord("<"): "\uff1c", ord(">"): "\uff1e"})


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")


def _text(template: Template, values: Mapping[str, str]) -> str:
    return template.render(values).strip()


def _split_front_matter(source: str, name: str) -> tuple[PromptHeader, str]:
    match = _FRONT_MATTER.match(source)
    if match is None:
        raise InvalidInput(f"prompt {name}: it must begin with front matter between two lines of ---")
    try:
        return PromptHeader.model_validate(yaml.safe_load(match[1])), match[2]
    except (yaml.YAMLError, ValidationError) as error:
        raise InvalidInput(f"prompt {name}: front matter: {error}") from error


def _split_roles(body: str, name: str) -> dict[str, str]:
    before, *parts = _MARKER.split(body)
    roles = tuple(parts[::2])
    if roles != ROLES or before.strip():
        raise InvalidInput(f"prompt {name}: wants the sections {', '.join(ROLES)} in this order, has {roles}")
    return dict(zip(roles, parts[1::2], strict=True))


def _examples(file: Path, header: PromptHeader, question: Template) -> str:
    """The examples in `file`, each asked as a customer is."""
    try:
        output = pkgutil.resolve_name(header.output)
    except (ImportError, AttributeError) as error:
        raise InvalidInput(f"prompt {file.stem}: there is no output class {header.output}") from error
    found = load_examples(file, output, header.variables)
    return shown({_text(question, example.values): example.said for example in found})


def _require_same(what: str, wanted: set[str], given: set[str]) -> None:
    if missing := sorted(wanted - given):
        raise InvalidInput(f"{what}: missing {', '.join(missing)}")
    if extra := sorted(given - wanted):
        raise InvalidInput(f"{what}: not declared {', '.join(extra)}")


def _fingerprint(source: str, partials: Mapping[str, str]) -> str:
    digest = hashlib.sha256(source.encode())
    for name, text in sorted(partials.items()):
        digest.update(f"\n{len(text)} {name}\n{text}".encode())
    return digest.hexdigest()[:12]
