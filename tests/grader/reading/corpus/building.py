"""A row of `reports.toml` to a report as HTML: labels, pages, order, and what it holds."""

from __future__ import annotations

import base64
import io
import random
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import TypeAdapter

HERE = Path(__file__).parent

LABELS: Mapping[str, tuple[str, str, str]] = {
    "heading": ("<h2>Problem {n}</h2>", "<h3>({l}) {title}</h3>", ""),
    "heading-long": ("<h2>Problem {n}: {problem}</h2>", "<h3>Problem {n}({l})</h3>", ""),
    "bold": ("<h2>Problem {n}</h2>", "", "<b>({l})</b> "),
    "plain": ("<h2>Problem {n}</h2>", "", "({l}) "),
    "tight": ("<h2>Problem {n}</h2>", "", "({l})"),
    "half": ("<h2>Question {n}</h2>", "", "{l}) "),
    "half-tight": ("<h2>Problem {n}</h2>", "", "{l})"),
    "dot": ("<h2>Problem {n}</h2>", "", "{l}. "),
    "full": ("", "", "<b>{n}({l})</b> "),
    "full-tight": ("", "", "{n}({l})"),
    "full-heading": ("", "<h2>Problem {n}({l})</h2>", ""),
    "full-dot": ("", "<h3>{n}.{l}) {title}</h3>", ""),
    "short": ("", "<p><b>Q{n}{l}</b></p>", ""),
    "numbered": ("<h1>{n}. {problem}</h1>", "<h3>{l}) {title}</h3>", ""),
    "part": ("<h2>Problem {n}</h2>", "<h3>Part ({l})</h3>", ""),
    "capitals": ("<h2>PROBLEM {n}</h2>", "<h3>PART {L}</h3>", ""),
    "answer": ("", "<p><b>Answer to {n}({l}).</b></p>", ""),
    "own-line": ("<h2>Problem {n}</h2>", "<p>({l}) {title}</p>", ""),
    "bracket": ("<h2>Problem {n}. {problem}</h2>", "", "[{l}] "),
    "question": ("<h2>Problem {n}</h2>", "<p><i>({l}) {question}</i></p>", ""),
    "word": ("<h1>Problem {n} – {problem}</h1>", "<h2>{n}.{l} {title}</h2>", ""),
    "exported": ("<h1>Problem {n}</h1>", "<h3>Answer to {n}({l})</h3>", ""),
    "hyphen": ("", "<h3>{n}-{l}: {title}</h3>", ""),
    "run-in": ("<h2>Problem {n}</h2>", "", "<b>({l}) {title}.</b> "),
}
"""By name: heading of a problem, of a part, and what stands before its first words."""

PAGES: Mapping[str, str] = {
    "letter": "@page{size:letter;margin:25mm} html{font:11pt/1.4 'DejaVu Serif'}",
    "a4": "@page{size:A4;margin:20mm} html{font:11pt/1.35 'DejaVu Sans'}",
    "large": "@page{size:letter;margin:30mm} html{font:14pt/1.5 'DejaVu Serif'}",
    "dense": "@page{size:letter;margin:12mm} html{font:8.5pt/1.25 'DejaVu Sans'}",
    "paper": "@page{size:letter;margin:38mm 40mm} html{font:10pt/1.25 'DejaVu Serif'}"
    " p{text-align:justify;text-indent:1.5em;margin:0}",
    "justified": "@page{size:letter;margin:25mm} html{font:11pt/1.3 'DejaVu Serif'}"
    " p{text-align:justify}",
    "columns": "@page{size:letter;margin:18mm} html{font:9.5pt/1.3 'DejaVu Serif'}"
    " main{columns:2;column-gap:8mm} p{text-align:justify}",
    "columns-sans": "@page{size:A4;margin:15mm} html{font:9pt/1.3 'DejaVu Sans'}"
    " main{columns:2;column-gap:10mm}",
    "slides": "@page{size:11in 6in;margin:12mm} html{font:14pt/1.4 'DejaVu Sans'}"
    " .answer{page-break-before:always}",
    "running": "@page{size:letter;margin:25mm;@top-left{content:'6.869 Problem Set 4'}"
    "@top-right{content:'Jane Doe'}@bottom-center{content:counter(page)}}"
    " html{font:11pt/1.4 'DejaVu Serif'}",
    "footer": "@page{size:A4;margin:25mm;"
    "@bottom-right{content:counter(page) ' of ' counter(pages)}}"
    " html{font:11pt/1.4 'DejaVu Sans'}",
    "word": "@page{size:letter;margin:1in} html{font:11pt/1.08 'DejaVu Sans'}"
    " h1{color:#2f5496;font-weight:400} h2{color:#2f5496;font-weight:400} p{margin:0 0 8pt}",
    "docs": "@page{size:letter;margin:1in} html{font:11pt/1.15 'DejaVu Sans'}"
    " h1{font-weight:400} h2{font-weight:400} h3{color:#434343;font-weight:400} p{margin:0}",
    "notebook": "@page{size:letter;margin:12mm} html{font:10.5pt/1.4 'DejaVu Sans'}"
    " h1,h2,h3{font-weight:700} .answer{margin-left:6em}",
    "pandoc": "@page{size:letter;margin:38mm 44mm;@bottom-center{content:counter(page)}}"
    " html{font:10pt/1.2 'DejaVu Serif'} p{text-align:justify}",
    "typewriter": "@page{size:letter;margin:25mm} html{font:10pt/1.4 'DejaVu Sans Mono'}",
}
"""By name: paper, margins, fonts, columns."""

_COMMON = (
    "h1{font-size:1.6em} h2{font-size:1.3em;margin:.6em 0 .3em}"
    "h3{font-size:1.08em;margin:.5em 0 .2em}"
    ".numbered{width:100%;border-collapse:collapse;margin:.4em 0} .numbered td{padding:0}"
    ".numbered .e{text-align:center} .numbered .n{text-align:right;width:3em}"
    ".numbered .l{width:3em}"
    ".row{width:100%;text-align:center} .row td{width:33%;font-size:.9em} .row img{width:90%}"
    ".stack{text-align:center;font-size:.9em} .stack img{width:40%;display:block;margin:auto}"
    ".data{margin:.4em auto;border-collapse:collapse}"
    ".data td{border:1px solid #888;padding:.1em .6em}"
    "pre{font:.85em 'DejaVu Sans Mono';background:#eee;white-space:pre-wrap}"
    ".inner{margin-left:2.5em} @page scan{margin:5mm}"
    ".scan{page:scan;break-before:page;break-after:page}"
    ".scan img{width:100%;height:9.5in} .plain-page{page-break-after:always}"
    ".caption{font-size:.9em;text-align:center;text-indent:0}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report of the corpus."""

    name: str
    """Its name in the table."""
    label: str
    """Of `LABELS`."""
    page: str
    """Of `PAGES`."""
    holds: tuple[str, ...] = ()
    """Of `HOLDS`, in the answers; `cover`, `contents` and `references` around them."""
    order: str = "asked"
    """`asked`, `problems` (the last one first), or `shuffled`; letters keep their order within."""
    without: tuple[str, ...] = ()
    """Parts that are not answered."""
    together: tuple[str, ...] = ()
    """Letters of a problem that are answered under one label, such as `3ab`."""
    scanned: tuple[str, ...] = ()
    """Parts whose answer is a scanned page, without a word of text."""


@lru_cache(maxsize=1)
def reports() -> tuple[Report, ...]:
    """Return the whole corpus."""
    table = tomllib.loads((HERE / "reports.toml").read_text(encoding="utf-8"))
    rows = [{"name": name, **row} for name, row in table.items()]
    return tuple(TypeAdapter(list[Report]).validate_python(rows))


@lru_cache(maxsize=1)
def texts() -> Mapping[str, Any]:
    """Return titles and paragraphs by part."""
    return tomllib.loads((HERE / "texts.toml").read_text(encoding="utf-8"))


def part_ids() -> tuple[str, ...]:
    """Return all parts, in the order in which they are asked."""
    return tuple(key for key in texts() if key != "problems")


def html_of(report: Report) -> str:
    """Return a report; ids `begin-4d` and `end-4d` mark where each part is answered."""
    return (
        f"<style>{PAGES[report.page]}{_COMMON}</style>"
        f"{_around(report, ('cover', 'contents'))}<main>{''.join(_body(report))}</main>"
        f"{_around(report, ('references',))}"
    )


def _body(report: Report) -> Iterator[str]:
    rng = random.Random(report.name)  # noqa: S311 -- to vary, not to hide
    counters = {"equation": 0, "figure": 0}
    open_problem = ""
    for group in _groups(report, rng):
        problem = group[0][0]
        opening = "" if problem == open_problem else _filled(LABELS[report.label][0], group)
        open_problem = problem
        yield opening + _answer(report, group, rng, counters)


def _groups(report: Report, rng: random.Random) -> list[tuple[str, ...]]:
    """Return the parts in the report's order; those that are answered together are one group."""
    by_problem: dict[str, list[tuple[str, ...]]] = {}
    taken: set[str] = set()
    for part in part_ids():
        if part in report.without or part in taken:
            continue
        joined = next((j for j in report.together if part[0] == j[0] and part[1] in j[1:]), part)
        group = tuple(f"{joined[0]}{letter}" for letter in joined[1:])
        taken.update(group)
        by_problem.setdefault(part[0], []).append(group)
    problems = list(by_problem)
    if report.order == "problems":
        problems.reverse()
    if report.order == "shuffled":
        rng.shuffle(problems)
    groups = [group for problem in problems for group in by_problem[problem]]
    if report.order == "shuffled" and not LABELS[report.label][0]:
        rng.shuffle(groups)
    return groups


def _answer(
    report: Report, group: Sequence[str], rng: random.Random, counters: dict[str, int]
) -> str:
    _, heading, inline = (_filled(text, group) for text in LABELS[report.label])
    begin = "".join(f'<span id="begin-{part}"></span>' for part in group)
    end = "".join(f'<span id="end-{part}"></span>' for part in group)
    paragraphs = [text for part in group for text in texts()[part]["paragraphs"]]
    if report.scanned and set(group) & set(report.scanned):
        words = f"{begin}{heading}<p>{inline}See the next page.</p>{end}"
        return f'<div class="answer">{words}</div>{_scan(rng)}'
    made = [f"<p>{inline}{begin if not heading else ''}{paragraphs[0]}</p>"]
    held = (name for name in report.holds if name in HOLDS)
    fitting = (name for name in held if name not in _PICTURES or group[0][0] == "4")
    made += [HOLDS[name](rng, counters) for name in fitting]
    made += [f"<p>{text}</p>" for text in paragraphs[1:]]
    # An anchor behind the last words: an empty paragraph might slip to the next page.
    made[-1] = _CLOSING.sub(lambda tags: end + tags[0], made[-1])
    if heading:  # an anchor before it might stay on the page before
        heading = heading.replace(">", f">{begin}", 1)
    return f'<div class="answer">{heading}{"".join(made)}</div>'


def _filled(template: str, group: Sequence[str]) -> str:
    part = group[0]
    letters = "), (".join(one[1] for one in group)
    return template.format(
        n=part[0], l=letters, L=letters.upper(), problem=texts()["problems"][part[0]],
        title=texts()[part]["title"], question=texts()[part]["question"],
    )  # fmt: skip


def _around(report: Report, names: Sequence[str]) -> str:
    return "".join(_AROUND[name] for name in names if name in report.holds)


_AROUND = {
    "cover": "<div class='plain-page'><h1>Problem Set 4</h1>"
    "<p>Jane Doe, 6.869, March 31, 2021</p></div>",
    "contents": "<div class='plain-page'><h2>Contents</h2>"
    + "".join(f"<p>Problem {n} {'. ' * 30}{n + 1}</p>" for n in range(1, 5))
    + "</div>",
    "references": "<h2>References</h2><p>[1] S. Santurkar et al., Image synthesis with a single "
    "(robust) classifier, 2019.</p><p>[2] C. Olah et al., Feature visualization, 2017.</p>",
}


def _equation(rng: random.Random, counters: dict[str, int]) -> str:
    counters["equation"] += 1
    text = rng.choice(("y[i] = Σ w[j] x[i + j - 1]", "∂C/∂x = Σ w ∂C/∂y", "p = exp(z) / Σ exp(z)"))
    return _numbered(f'<td class="e">{text}</td><td class="n">({counters["equation"]})</td>')


def _equation_left(rng: random.Random, counters: dict[str, int]) -> str:
    counters["equation"] += 1
    return _numbered(
        f'<td class="l">({counters["equation"]})</td><td class="e">y[i] = Σ w[j] x[i + j]</td>'
        '<td class="n"></td>'
    )


def _subequations(rng: random.Random, counters: dict[str, int]) -> str:
    counters["equation"] += 1
    number = counters["equation"] % 4 + 1
    return "".join(
        _numbered(f'<td class="e">{text}</td><td class="n">({number}{letter})</td>')
        for letter, text in (("a", "g = ∂C/∂y"), ("b", "∂C/∂w = Σ g x"))
    )


def _drawn_equation(rng: random.Random, counters: dict[str, int]) -> str:
    counters["equation"] += 1
    number = counters["equation"]
    return _numbered(
        f'<td class="e"><img style="height:3em;width:14em" src="{_picture(rng)}"></td>'
        f'<td class="n" style="font-size:1.2em">({number})</td>'
    )


def _numbered(cells: str) -> str:
    return f'<table class="numbered"><tr>{cells}</tr></table>'


def _subfigures(rng: random.Random, counters: dict[str, int]) -> str:
    counters["figure"] += 1
    names = ("(a) Original", "(b) Attacked", "(c) Difference")
    cells = "".join(f'<td><img src="{_picture(rng)}"><br>{name}</td>' for name in names)
    figure = f"Figure {counters['figure']}: The image before and after."
    return f'<table class="row"><tr>{cells}</tr></table><p class="caption">{figure}</p>'


def _bare_subfigures(rng: random.Random, counters: dict[str, int]) -> str:
    names = ("(a) before", "(b) after", "(c) times ten")
    cells = "".join(f'<td><img src="{_picture(rng)}"><br>{name}</td>' for name in names)
    return f'<table class="row"><tr>{cells}</tr></table>'


def _stacked(rng: random.Random, counters: dict[str, int]) -> str:
    counters["figure"] += 1
    names = ("(a) Original image", "(b) Attacked image")
    rows = "".join(f'<img src="{_picture(rng)}">{name}' for name in names)
    caption = f"Fig. {counters['figure']}: Two images."
    return f'<div class="stack">{rows}</div><p class="caption">{caption}</p>'


def _caption(rng: random.Random, counters: dict[str, int]) -> str:
    counters["figure"] += 1
    return (
        f'<div class="stack"><img src="{_picture(rng)}"></div><p class="caption">Figure '
        f"{counters['figure']}: (a) the original and (b) the image after the attack of this part, "
        "side by side, and below them what the network says of both.</p>"
    )


def _table(rng: random.Random, counters: dict[str, int]) -> str:
    rows = (("tarantula", "1.00"), ("tiger cat", "0.54"), ("4", "0.02"))
    cells = "".join(f"<tr><td>{name}</td><td>{p}</td></tr>" for name, p in rows)
    return f'<table class="data">{cells}</table>'


def _inner_list(rng: random.Random, counters: dict[str, int]) -> str:
    return (
        '<div class="inner">(a) pad the input with zeros on both sides<br>'
        "(b) multiply the window by the kernel<br>(c) add up the products</div>"
    )


def _code(rng: random.Random, counters: dict[str, int]) -> str:
    return (
        "<pre>def forward(x, w):\n    n, k = len(x), len(w)\n"
        "    a = np.pad(x, (k - 1) // 2)\n    return [a[i:i + k] @ w for i in range(n)]</pre>"
    )


def _prompts(rng: random.Random, counters: dict[str, int]) -> str:
    """A cell of code and its output as notebooks are exported, the prompts at the margin."""
    counters["equation"] += 1
    number = counters["equation"]
    prompt = '<div style="margin-left:-5.5em;float:left;width:5em;color:#888">{}</div>'
    return (
        f"{prompt.format(f'In [{number}]:')}<pre>y = conv1d_forward(x, w)\nprint(y.shape)</pre>"
        f"{prompt.format(f'Out[{number}]:')}<pre>(8,)</pre>"
    )


def _mention(rng: random.Random, counters: dict[str, int]) -> str:
    words = "this is what changes between the two parts that were asked before, as we said in "
    return f"<p>{words * 3}(b) and (c), and once more in {words}4(e), and nowhere else at all.</p>"


def _picture(rng: random.Random) -> str:
    seed = rng.randrange(8)
    return _noise(seed)


@lru_cache(maxsize=16)
def _noise(seed: int) -> str:
    small = np.random.default_rng(seed).integers(0, 256, (7, 7, 3), dtype=np.uint8)
    sink = io.BytesIO()
    Image.fromarray(small).resize((56, 56), Image.Resampling.BICUBIC).save(sink, "PNG")
    return "data:image/png;base64," + base64.b64encode(sink.getvalue()).decode()


def _scan(rng: random.Random) -> str:
    return f'<div class="scan"><img src="{_picture(rng)}"></div>'


HOLDS: Mapping[str, Callable[[random.Random, dict[str, int]], str]] = {
    "equations": _equation,
    "equations-left": _equation_left,
    "subequations": _subequations,
    "drawn-equations": _drawn_equation,
    "subfigures": _subfigures,
    "bare-subfigures": _bare_subfigures,
    "stacked": _stacked,
    "caption": _caption,
    "table": _table,
    "list": _inner_list,
    "code": _code,
    "prompts": _prompts,
    "mention": _mention,
}
"""What an answer may hold between its paragraphs, by name."""
_CLOSING = re.compile(r"(?:</\w+>)+$")
_PICTURES = frozenset({"subfigures", "bare-subfigures", "stacked", "caption"})
"""Of these only Problem 4 has any."""
