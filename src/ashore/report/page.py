"""The report as one HTML page that needs nothing from anywhere."""

import statistics
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from ashore.report.distribution import distribution
from ashore.report.rows import VERDICTS, Document, Row, rows
from ashore.report.shapes import seconds
from ashore.report.timeline import timeline

_MARKS = {"pass": "✓", "fail": "✗", "unknown": "?"}


def html(documents: Sequence[Document]) -> str:
    """The page for these results, oldest first; the same results give the same bytes."""
    found = rows(documents)
    stacks = ", ".join(sorted({d.get("stack", "") for d in documents})) or "no stack"
    style = (files("ashore.report") / "templates" / "report.css").read_text()
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drills of {escape(stacks)}</title>
<style>
{style}</style>
</head>
<body>
<main>
<header>
<h1>Drills of {escape(stacks)}</h1>
<p>{_headline(documents)}</p>
</header>
{_body(found)}
</main>
</body>
</html>
"""


def _headline(documents: Sequence[Document]) -> str:
    if not documents:
        return "No drill has been run yet: <code>ashore drill list</code> shows what there is."
    counts = [(v, sum(d["verdict"] == v for d in documents)) for v in VERDICTS]
    told = " ".join(f"{_chip(v)}&nbsp;{n}" for v, n in counts if n)
    first, last = documents[0]["started"][:10], documents[-1]["started"][:10]
    when = first if first == last else f"{first} to {last}"
    runs = f"{len(documents)} run{'' if len(documents) == 1 else 's'}"
    return f"{runs}, {when} &ensp; {told}"


def _body(found: Sequence[Row]) -> str:
    if not found:
        return ""
    sections = "\n".join(_section(row) for row in found)
    return f"""\
<section>
{_table(found)}
</section>
<section>
<h2>Longest gap of each run</h2>
<p class="dim">Seconds without an answer to new connections, as far as it is certain. The short
line is the median, the dashed one what the drill allows.</p>
{distribution(found)}
</section>
{sections}"""


def _table(found: Sequence[Row]) -> str:
    lines = "\n".join(
        f'<tr><td>{_chip(row.verdict)}</td><td><a href="#{row.drill}">{row.drill}</a>'
        f'<div class="dim">{escape(row.title)}</div></td>'
        f"<td>{len(row.runs)}</td><td>{_tally(row)}</td><td>{seconds(row.median)}</td>"
        f"<td>{seconds(row.worst)}</td><td>{seconds(row.bound)}</td></tr>"
        for row in found
    )
    return f"""\
<table>
<thead><tr><th></th><th>drill</th><th>runs</th><th>passed</th><th>median gap</th>
<th>worst gap</th><th>allowed</th></tr></thead>
<tbody>
{lines}
</tbody>
</table>"""


def _tally(row: Row) -> str:
    return f"{row.count('pass')} of {len(row.runs)}"


def _chip(verdict: str) -> str:
    return f'<span class="chip {verdict}">{_MARKS.get(verdict, "?")} {escape(verdict)}</span>'


def _section(row: Row) -> str:
    """The expectation, then what was seen: the runs that did not pass first."""
    order = sorted(row.runs, key=lambda run: run["started"], reverse=True)
    shown = [run for run in order if run["verdict"] != "pass"] or order[:1]
    runs = "\n".join(_run(run) for run in shown)
    rest = len(row.runs) - len(shown)
    more = f'<p class="dim">{rest} more passed and {"are" if rest > 1 else "is"} not shown.</p>'
    first = shown[0]
    return f"""\
<section id="{row.drill}">
<h2>{_chip(row.verdict)} {row.drill}</h2>
<dl>
<dt>Done</dt><dd>{escape(first.get("does", ""))}</dd>
<dt>Expected</dt><dd>{escape(first.get("expected", ""))}</dd>
{_measured(row)}</dl>
{runs}
{more if rest else ""}
</section>"""


def _measured(row: Row) -> str:
    """What the drill's own checks measured, over all of its runs."""
    return "".join(
        f"<dt>Measured</dt><dd>{escape(what)}: median {seconds(statistics.median(figures))},"
        f" worst {seconds(max(figures))}, {len(figures)} of {len(row.runs)} runs</dd>\n"
        for what, figures in row.figures
    )


def _run(run: Document) -> str:
    checks = "\n".join(
        f"<tr><td>{_chip(c['verdict'])}</td><td>{escape(c['what'])}</td>"
        f'<td class="dim">{escape(c["detail"])}</td></tr>'
        for c in sorted(run["checks"], key=lambda c: -VERDICTS.index(c["verdict"]))
    )
    opened = " open" if run["verdict"] != "pass" else ""
    good = sum(c["verdict"] == "pass" for c in run["checks"])
    return f"""\
<figure>
<figcaption>{_chip(run["verdict"])} {escape(run["started"][:19].replace("T", " "))} UTC
<span class="dim">{escape(_where(run))}</span></figcaption>
{timeline(run)}
<details{opened}><summary>{good} of {len(run["checks"])} checks passed</summary>
<table class="checks"><tbody>
{checks}
</tbody></table></details>
</figure>"""


def _where(run: Document) -> str:
    """The computer and the versions, as far as they were kept."""
    facts = run.get("facts", {})
    names = {"kubernetes": "Kubernetes {}", "cpus": "{} cpus", "load": "load {:.1f} beforehand"}
    return ", ".join(form.format(facts[key]) for key, form in names.items() if key in facts)
