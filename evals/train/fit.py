"""Train a small Qwen3 from scratch on pairs: `python -m evals.train.fit`, in .venv-vllm, on the processor.

The loss is on answers, and on what a reader has to know on the way to one (`reader.py`). Questions with few claims come
first; the limit rises as soon as the model answers those it has been given (a curriculum without a clock). The same
pairs, settings and threads give the same run, also when it was interrupted: a checkpoint holds where it stands, and
what is drawn at a step depends on the seed, the step and the limit alone.
"""

import argparse
import json
import math
import random
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM

from evals.train import attention
from evals.train.architecture import qwen3_config, save_model
from evals.train.lessons import as_shown, shuffled
from evals.train.material import read_material
from evals.train.packing import Example, Row, rows
from evals.train.reader import TOP_LEVEL, Reader
from evals.train.settings import Settings, left, share_of_rate

RECENT = 20
"""Steps over which the share of claims named right is taken."""


@dataclass
class Progress:
    """Where a run stands."""

    step: int = 0
    level: int = 4
    right: list[float] = field(default_factory=list)
    reading: float = 0.0
    tokens: int = 0
    seconds: float = 0.0


def main() -> None:
    """Read pairs, train until the steps or the minutes are used up, write the model."""
    given = _arguments()
    torch.set_num_threads(given.threads)
    settings = Settings(**{name: getattr(given, name) for name in Settings.__annotations__})
    run = Run(settings, given.pairs, given.held_out, given.out)
    run.train(minutes=given.minutes, every=given.every)
    run.save(given.name)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evals.train.fit", description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--held-out", type=Path, required=True, help="pairs of another shop, for the learning curve")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model; its checkpoint lies beside it")
    parser.add_argument("--name", default="understory-small")
    parser.add_argument("--minutes", type=float, default=60, help="stop then; the same command goes on later")
    parser.add_argument("--every", type=int, default=100, help="steps between two measurements on held-out pairs")
    parser.add_argument("--threads", type=int, default=2)
    for name, kind in Settings.__annotations__.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=getattr(Settings, name))
    return parser.parse_args()


class Run:
    """One training run: model, optimiser and where it stands."""

    def __init__(self, settings: Settings, pairs: Path, held_out: Path, out: Path) -> None:
        """A fresh run, or the one whose checkpoint lies beside `out`."""
        self.settings, self.out, self.checkpoint = settings, out, out.with_suffix(".checkpoint.pt")
        self.log = out.with_suffix(".log.jsonl")
        torch.manual_seed(settings.seed)
        self.material = read_material(pairs, held_out, vocabulary=settings.vocabulary)
        attention.register()
        self.model = _model(self.material.tokenizer, settings)
        self.reader = Reader(settings.hidden, self.material.kinds)
        self.optimiser = _optimiser([*self.model.parameters(), *self.reader.parameters()], settings)
        self.progress = Progress(level=settings.first_level)
        if self.checkpoint.exists():
            self._resume()
        size = sum(p.numel() for p in self.model.parameters())
        _say(
            f"{size / 1e6:.2f}M parameters, {len(self.material.lessons):,} pairs, {self.material.shared} shared tokens"
        )

    def train(self, *, minutes: float, every: int) -> None:
        """Steps until there are enough or the time is up; measured and kept every so often."""
        started, before = time.monotonic(), self.progress.seconds
        while self.progress.step < self.settings.steps and time.monotonic() - started < 60 * minutes:
            loss = self._step()
            self.progress.seconds = before + time.monotonic() - started
            if self.progress.step % 10 == 0:
                _say(self._line(loss))
            if self.progress.step % every == 0:
                self._measure(loss)
                self._keep()
        self._measure(math.nan)
        self._keep()

    def save(self, name: str) -> None:
        """Write the folder that a server reads, in bfloat16."""
        twin = Qwen3ForCausalLM(self.model.config).to(torch.bfloat16)
        twin.load_state_dict(self.model.state_dict())
        twin.config.dtype = torch.bfloat16
        save_model(self.out, twin, self.material.tokenizer, rung="small", name=name)

    def _step(self) -> float:
        """One update from questions that are not too long yet."""
        settings, progress = self.settings, self.progress
        for group in self.optimiser.param_groups:
            group["lr"] = settings.rate * share_of_rate(progress.step, settings)
        drawn = list(rows(self._draw(), shared=self.material.shared, limit=settings.row_tokens))
        count = sum(len(row.targets) for row in drawn)
        total, right = 0.0, 0
        for row in drawn:
            layers, late = self._hidden(row)
            logits, targets = self._answers(row, late)
            loss = cross_entropy(logits, targets, reduction="sum") / count
            total += loss.item()
            read = self.reader(layers, row) / len(drawn)
            progress.reading = 0.95 * progress.reading + 0.05 * read.item() * len(drawn)
            (loss + settings.reading * read).backward()
            right += _named_right(row, logits)
            progress.tokens += len(row.tokens)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self._rise(right / sum(len(row.named) for row in drawn))
        progress.step += 1
        return total

    def _draw(self) -> list[Example]:
        """Questions of this step, shorter ones together so that rows fill well."""
        settings, step = self.settings, self.progress.step
        chance = random.Random(f"{settings.seed}/{step}")
        level = TOP_LEVEL if left(step, settings) < 1 else self.progress.level
        drawn, room = list[Example](), min(settings.batch_tokens * level, settings.most_tokens)
        while room > 0:
            lesson = chance.choice(self.material.lessons)
            if len(lesson.lines) <= level:
                drawn.append(shuffled(lesson, self.material.words, chance))
                room -= lesson.size
        return sorted(drawn, key=lambda e: len(e.tokens))

    def _rise(self, right: float) -> None:
        """One more claim when the last steps went well."""
        progress = self.progress
        progress.right = [*progress.right, right][-RECENT:]
        well = len(progress.right) == RECENT and sum(progress.right) / RECENT >= self.settings.rise_at
        if well and progress.level < TOP_LEVEL:
            progress.level += 1
            progress.right = progress.right[RECENT // 2 :]

    def _hidden(self, row: Row) -> tuple[list[torch.Tensor], torch.Tensor]:
        """What the model makes of a row, each [tokens, hidden]: after 0, 1, ... layers, and in the end."""
        found = self.model.model(
            input_ids=torch.tensor([row.tokens]),
            position_ids=torch.tensor([row.positions]),
            spans=row.spans,
            use_cache=False,
            output_hidden_states=True,
        )
        return [layer[0] for layer in found.hidden_states], found.last_hidden_state[0]

    def _answers(self, row: Row, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [answer tokens, vocabulary] and the tokens that belong there."""
        return self.model.lm_head(hidden[list(row.sources)]), torch.tensor(row.targets)

    @torch.no_grad()
    def _measure(self, loss: float) -> None:
        """Loss, tokens right and whole answers right on the held-out pairs, as one line of the log."""
        total, right, whole, tokens = 0.0, 0, 0, 0
        for lesson in self.material.held_out:
            (row,) = rows([as_shown(lesson, self.material.words)], shared=self.material.shared, limit=1)
            logits, targets = self._answers(row, self._hidden(row)[1])
            total += cross_entropy(logits, targets, reduction="sum").item()
            hits = logits.argmax(-1) == targets
            right, whole, tokens = right + int(hits.sum()), whole + bool(hits.all()), tokens + len(targets)
        found = {
            "step": self.progress.step,
            "minutes": round(self.progress.seconds / 60, 1),
            "tokens": self.progress.tokens,
            "level": self.progress.level,
            "loss": None if math.isnan(loss) else round(loss, 4),
            "held_out_loss": round(total / tokens, 4),
            "held_out_tokens_right": round(right / tokens, 4),
            "held_out_answers_right": round(whole / len(self.material.held_out), 4),
        }
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")
        _say(f"held out: {found}")

    def _line(self, loss: float) -> str:
        p = self.progress
        right = sum(p.right) / len(p.right)
        return (
            f"step {p.step:,}/{self.settings.steps:,}  loss {loss:.3f}  reading {p.reading:.2f}  right {right:.2f}  "
            f"up to {p.level} claims  {p.tokens / max(p.seconds, 1):,.0f} tokens/s  {p.seconds / 60:.1f} min"
        )

    def _keep(self) -> None:
        """Write the checkpoint; the old one stays until the new one is whole."""
        fresh = self.checkpoint.with_suffix(".new")
        torch.save(
            {
                "settings": asdict(self.settings),
                "progress": asdict(self.progress),
                "model": self.model.state_dict(),
                "reader": self.reader.state_dict(),
                "optimiser": self.optimiser.state_dict(),
            },
            fresh,
        )
        shutil.move(fresh, self.checkpoint)

    def _resume(self) -> None:
        kept = torch.load(self.checkpoint, weights_only=True)
        self.model.load_state_dict(kept["model"])
        self.reader.load_state_dict(kept["reader"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.progress = Progress(**kept["progress"])
        _say(f"going on from step {self.progress.step:,}")


def _named_right(row: Row, logits: torch.Tensor) -> int:
    """How many claims the answers of a row name right."""
    place = {source: i for i, source in enumerate(row.sources)}
    wanted = [place[i - 1] for i in row.named]
    return int((logits[wanted].argmax(-1) == torch.tensor([row.targets[i] for i in wanted])).sum())


def _model(tokenizer: PreTrainedTokenizerFast, settings: Settings) -> Qwen3ForCausalLM:
    shape = qwen3_config(
        tokenizer,
        hidden=settings.hidden,
        layers=settings.layers,
        feed_forward=settings.feed_forward,
        heads=settings.heads,
        kv_heads=settings.kv_heads,
        positions=2048,
    )
    shape._attn_implementation = attention.NAME
    return Qwen3ForCausalLM(shape)


def _optimiser(parameters: Sequence[torch.nn.Parameter], settings: Settings) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019); decay on matrices only."""
    matrices = [p for p in parameters if p.dim() >= 2]
    others = [p for p in parameters if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.98))


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
