"""A run, or a comparison of two, as plain text."""

from collections.abc import Mapping

from evals.charts import short
from evals.compare import Comparison
from evals.scorers.paired import of_best
from evals.task import Metric, Metrics, TaskResult


def result_text(result: TaskResult) -> str:
    """Figures beside the baselines', ceilings, differences, and what must be known of the data."""
    lines = [
        f"{result.task}: n = {result.n:,}, seed {result.seed}",
        *_table("ours [95%]", result.metrics, result.baselines),
        *_ceilings(result),
        *_differences(result),
        *(f"warning: {warning}" for warning in result.warnings),
    ]
    return "\n".join(lines)


def comparison_text(found: Comparison) -> str:
    """One line per figure: B minus A."""
    lines = [f"{found.task}: B minus A"]
    lines += [
        f"  {d.name:<24} {with_interval(d.difference):<32} {d.ground}, n = {d.difference.n:,}"
        for d in found.differences
    ]
    return "\n".join(lines)


def with_interval(metric: Metric) -> str:
    """The figure and its interval."""
    return f"{short(metric.value)} [{short(metric.low)}, {short(metric.high)}]"


def _ceilings(result: TaskResult) -> list[str]:
    oracle, naive = result.ceilings["oracle"], result.ceilings["naive"]
    if not oracle and not naive:
        return []
    return ["", "ceilings: what can be known of this demo shop", *_table("oracle [95%]", oracle, {"naive": naive})]


def _differences(result: TaskResult) -> list[str]:
    """Ours minus the best baseline, over cuts and cut by cut."""
    if not result.paired:
        return []
    cuts = {str(cut.cut): cut.differences for cut in result.cuts}
    parts = {"mean over cuts": result.differences} | cuts if len(cuts) > 1 else cuts
    lines = ["", "ours minus the best baseline of each metric [95%], paired"]
    for where, differences in parts.items():
        lines += [f"  {where}"]
        lines += [f"    {metric:<10} {with_interval(gap):<34} {who}" for metric, who, gap in of_best(differences)]
    return lines


def _table(heading: str, first: Metrics, others: Mapping[str, Metrics]) -> list[str]:
    """One line per figure: the first column with its interval, the others beside it; a blank where one has none."""
    names = list(dict.fromkeys(name for column in (first, *others.values()) for name in column))
    width = max(map(len, [*names, "metric"]))
    across = {label: max(14, len(label)) for label in others}
    lines = ["  ".join([f"{'metric':<{width}}", f"{heading:<28}", *(f"{c:>{w}}" for c, w in across.items())])]
    for name in names:
        beside = (f"{short(others[c][name].value) if name in others[c] else '':>{w}}" for c, w in across.items())
        own = with_interval(first[name]) if name in first else ""
        lines.append("  ".join([f"{name:<{width}}", f"{own:<28}", *beside]).rstrip())
    return lines
