"""A run as one HTML file that reads without a network: figures, intervals, pictures, cuts and the worst samples."""

from collections.abc import Iterable, Mapping
from html import escape

from evals.charts import curve, short, whiskers
from evals.scorers.paired import of_best
from evals.task import Metric, Plain, Sample, TaskResult

SHOWN_SAMPLES = 40

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.2rem; } .soft { opacity: .7; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th:first-child, td:first-child, td.text { text-align: left; } thead th { background: var(--soft); }
svg { display: block; max-width: 100%; margin: .8rem 0 1.6rem; font: 12px system-ui, sans-serif; }
svg text { fill: currentColor; } svg .t { font-weight: 600; font-size: 14px; }
details { margin: .4rem 0; } code { white-space: pre-wrap; overflow-wrap: anywhere; }
"""


def render(result: TaskResult, purpose: str) -> str:
    """The whole page."""
    title = f"eval {result.task}"
    parts = [
        f"<h1>{escape(title)}</h1><p class='soft'>{escape(purpose)} n = {result.n:,}, seed {result.seed}.</p>",
        _warnings(result),
        "<h2>Figures</h2>" + _metrics(result.metrics),
        _against(result),
        _differences(result),
        _ceilings(result),
        _pictures(result),
        _cuts(result),
        _counts(result),
        _samples(result.samples),
        "<h2>Where it comes from</h2>" + _pairs(result.provenance),
    ]
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>"
    )


def _metrics(metrics: Mapping[str, Metric]) -> str:
    rows = ([name, short(m.value), f"{short(m.low)} … {short(m.high)}", f"{m.n:,}"] for name, m in metrics.items())
    return _table(["metric", "value", "95% interval", "n"], rows)


def _against(result: TaskResult) -> str:
    others = {**result.baselines, **{k: v for k, v in result.ceilings.items() if v}}
    if not others:
        return ""
    pictures = []
    for name, ours in result.metrics.items():
        rows = {"ours": ours} | {label: figures[name] for label, figures in others.items() if name in figures}
        pictures.append(whiskers(name, rows) if len(rows) > 1 else "")
    return "<h2>Beside the baselines</h2>" + "".join(pictures)


def _warnings(result: TaskResult) -> str:
    return "".join(f"<p><strong>{escape(warning)}</strong></p>" for warning in result.warnings)


def _differences(result: TaskResult) -> str:
    """Ours minus the best baseline of each metric: over cuts, and cut by cut."""
    if not result.paired:
        return ""
    parts = {"mean over cuts": result.differences} | {str(cut.cut): cut.differences for cut in result.cuts}
    rows = (
        [metric, where, who, short(gap.value), f"{short(gap.low)} … {short(gap.high)}"]
        for metric in result.metrics
        for where, found in parts.items()
        for name, who, gap in of_best(found)
        if name == metric
    )
    return "<h2>Ours minus the best baseline</h2>" + _table(["metric", "where", "baseline", "difference", "95%"], rows)


def _ceilings(result: TaskResult) -> str:
    found = {label: figures for label, figures in result.ceilings.items() if figures}
    if not found:
        return ""
    tables = (f"<h3>{escape(label)}</h3>{_metrics(figures)}" for label, figures in found.items())
    return "<h2>Ceilings: what can be known of this demo shop</h2>" + "".join(tables)


def _pictures(result: TaskResult) -> str:
    return "<h2>Pictures</h2>" + "".join(map(curve, result.curves)) if result.curves else ""


def _cuts(result: TaskResult) -> str:
    if len(result.cuts) < 2:
        return ""
    names = list(result.metrics)
    rows = [
        [str(c.cut), f"{c.n:,}", *(short(c.metrics[n].value) for n in names if n in c.metrics)] for c in result.cuts
    ]
    return "<h2>Cut by cut</h2>" + _table(["cut", "n", *names], rows)


def _counts(result: TaskResult) -> str:
    if not result.counts:
        return ""
    names = sorted({name for tally in result.counts.values() for name in tally})
    rows = [[name, *(f"{tally.get(name, 0):,}" for tally in result.counts.values())] for name in names]
    return "<h2>Tallies</h2>" + _table(["", *result.counts], rows)


def _samples(samples: list[Sample]) -> str:
    if not samples:
        return ""
    told = [sample for sample in samples if any(score.why for score in sample.scores.values())]
    chosen = (told or samples)[:SHOWN_SAMPLES]
    heading = "<h2>Samples with a remark</h2>" if told else "<h2>Samples</h2>"
    note = (
        f"<p class='soft'>{len(chosen):,} of {len(told or samples):,}; all {len(samples):,} are in samples.jsonl.</p>"
    )
    return heading + note + "".join(map(_sample, chosen))


def _sample(sample: Sample) -> str:
    rows = [[name, short(score.value), score.why or ""] for name, score in sample.scores.items()]
    fields = {**sample.input, **sample.target, **sample.output}
    summary = "; ".join(f"{name} {short(score.value)}" for name, score in sample.scores.items())
    return (
        f"<details><summary>{escape(sample.id)} <span class='soft'>{escape(summary[:160])}</span></summary>"
        f"{_pairs(fields)}{_table(['score', 'value', 'why'], rows)}</details>"
    )


def _pairs(values: Mapping[str, Plain]) -> str:
    items = (
        f"<tr><td>{escape(k)}</td><td class='text'><code>{escape(str(v))}</code></td></tr>" for k, v in values.items()
    )
    return f"<table>{''.join(items)}</table>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
