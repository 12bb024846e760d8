"""A customer's paths as one page that stands alone: to print, to send, to keep. Nothing in it is loaded or run."""

from html import escape

from app.console.format import Formatter
from app.console.paths_picture import picture
from app.console.paths_rows import Rows, by_day, sources, summary
from app.strategy.told_paths import CustomerPaths, PathGround

_STYLE = """
body { font: 14px/1.55 system-ui, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  color: #1f2925; max-width: 860px; margin: 32px auto; padding: 0 20px; }
h1 { font-size: 22px; margin: 0; } h2 { font-size: 15px; margin: 26px 0 6px; } p { margin: 6px 0; }
table { border-collapse: collapse; width: 100%; font-size: 13px; margin-top: 8px; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid #e3e5df; vertical-align: top; }
.muted { color: #66706b; } svg { width: 100%; height: auto; margin-top: 14px; }
svg text { font-size: 12px; fill: #66706b; } svg .t { fill: #1f2925; font-weight: 600; }
@media print { body { margin: 0; } section { break-inside: avoid; } }
"""


def paths_report(found: CustomerPaths, show: Formatter) -> str:
    """One HTML document. Every word that came from outside is escaped."""
    say = show.say
    who = say("paths.of", customer=found.customer_id, date=show.date(found.as_of))
    body = [
        f"<h1>{escape(say('paths.heading'))}</h1><p class='muted'>{escape(who)}</p>",
        picture(found, show),
        _table(summary(found, show)),
        *(_ground(ground, found.values.currency, show) for ground in found.grounds),
        *(f"<p class='muted'>{escape(note)}</p>" for note in found.notes),
        _table(by_day(found, show)),
    ]
    title = escape(f"{say('paths.heading')} · {found.customer_id}")
    head = f"<meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"
    return f"<!doctype html>\n<html lang='{found.lang}'><head>{head}</head><body>{''.join(body)}</body></html>\n"


def _ground(ground: PathGround, currency: str, show: Formatter) -> str:
    table = _table(sources(ground, currency, show))
    return f"<section><h2>{escape(ground.name)}</h2><p>{escape(ground.said)}</p>{table}</section>"


def _table(rows: Rows) -> str:
    if not rows.lines:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in rows.head)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in line) for line in rows.lines)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
