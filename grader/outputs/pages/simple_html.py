r"""What answers hold beside CommonMark: simple HTML, `\(…\)` and `\[…\]`, footnotes, task lists.

Only names of tags pass, never an attribute but the address of a link; the result is sanitized like
all else. Tags of one text are bounded in number and depth: pages are set level by level.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape, unescape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

LAYOUT = frozenset({"img", "br", "center", "div", "p", "span", "font", "figure", "figcaption"})
"""Tags that only lay out; pictures and new lines have words of their own in markdown."""
SIMPLE = frozenset(
    {"b", "strong", "i", "em", "u", "s", "del", "sub", "sup", "mark", "kbd", "code", "small", "a"}
    | {"table", "thead", "tbody", "tr", "th", "td", "ul", "ol", "li", "blockquote", "hr"}
    | {"details", "summary", "h1", "h2", "h3", "h4", "h5", "h6"}
)
"""Tags that are kept."""
AS = {
    "details": "div", "summary": "strong", "del": "s", "small": "span",
    **{f"h{level}": "strong" for level in range(1, 7)},
}  # fmt: skip
"""Tags that another one stands for on paper."""
MOST_TAGS = 2000
"""Tags of one text that are kept."""
DEEPEST = 12
"""Tags within one another that are kept."""

_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]{0,11})(?P<rest>\s[^<>]{0,4000})?/?>", re.IGNORECASE
)
_VALUE = re.compile(r"""\s(src|alt|href)\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+)""", re.IGNORECASE)
_SAFE_LINK = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_MATHS = {
    "\\(": (re.compile(r"\\\)"), "math_inline"),
    "\\[": (re.compile(r"\\\]"), "math_inline_double"),
}
_TASK = re.compile(r"\[([ xX])\]\s+")


@dataclass(slots=True)
class Tags:
    """The tags of one text that are open, and how many there were."""

    open: list[str] = field(default_factory=list)
    seen: int = 0

    def html(self, name: str, *, closes: bool, href: str) -> str:
        """Return the tag to write; empty where it is left out."""
        shown = AS.get(name, name)
        if closes:
            if shown not in self.open:
                return ""
            while self.open and self.open[-1] != shown:
                self.open.pop()
            self.open.pop()
            return f"</{shown}>"
        self.seen += 1
        if self.seen > MOST_TAGS or len(self.open) >= DEEPEST:
            return ""
        if shown == "hr":
            return "<hr>"
        self.open.append(shown)
        link = f' href="{escape(href)}"' if href and _SAFE_LINK.match(href) else ""
        return f"<{shown}{link}>"


def install(parser: MarkdownIt) -> None:
    """Have a parser read all of it."""
    tags = Tags()

    def tag(state: StateInline, silent: bool) -> bool:
        found = _TAG.match(state.src, state.pos, state.posMax)
        name = found["name"].lower() if found else ""
        if found is None or name not in LAYOUT | SIMPLE:
            return False
        if not silent:
            _write(state, name, found, tags)
        state.pos = found.end()
        return True

    parser.use(footnote_plugin)
    parser.add_render_rule("footnote_ref", _note_mark)
    parser.add_render_rule("footnote_block_open", lambda *_: '<div class="footnotes">')
    parser.add_render_rule("footnote_block_close", lambda *_: "</div>")
    parser.add_render_rule("footnote_open", _note_mark)
    parser.add_render_rule("footnote_close", lambda *_: "")
    parser.add_render_rule("footnote_anchor", lambda *_: "")
    parser.inline.ruler.before("autolink", "simple_html", tag)
    parser.inline.ruler.before("escape", "bracket_math", _bracket_math)
    parser.core.ruler.after("inline", "task_list", _tasks)


def _note_mark(
    _: RendererHTML, tokens: Sequence[Token], index: int, _o: OptionsDict, _e: EnvType
) -> str:
    """Number a footnote; without links, for pages have no anchors in foreign text."""
    return f"<sup>{int(tokens[index].meta['id']) + 1}</sup>"


def _write(state: StateInline, name: str, found: re.Match[str], tags: Tags) -> None:
    values = {
        key.lower(): unescape(value.strip("\"'"))
        for key, value in _VALUE.findall(found["rest"] or "")
    }
    if name == "img":
        token = state.push("image", "img", 0)
        token.attrs = {"src": values.get("src", ""), "alt": ""}
        token.content = values.get("alt", "")
    elif name == "br":
        state.push("hardbreak", "br", 0)
    elif name in SIMPLE:
        token = state.push("html_inline", "", 0)
        token.content = tags.html(name, closes=bool(found["end"]), href=values.get("href", ""))


def _bracket_math(state: StateInline, silent: bool) -> bool:
    r"""Read `\(…\)` and `\[…\]`, as LaTeX and other notebooks have them."""
    known = _MATHS.get(state.src[state.pos : state.pos + 2])
    if known is None:
        return False
    closing, kind = known
    end = closing.search(state.src, state.pos + 2, state.posMax)
    if end is None or not state.src[state.pos + 2 : end.start()].strip():
        return False
    if not silent:
        token = state.push(kind, "math", 0)
        token.content = state.src[state.pos + 2 : end.start()]
        token.markup = "$"
    state.pos = end.end()
    return True


def _tasks(state: StateCore) -> None:
    """Turn `[ ]` and `[x]` at the beginning of an item into a box."""
    for place, token in enumerate(state.tokens):
        in_item = place > 1 and state.tokens[place - 2].type == "list_item_open"
        if token.type != "inline" or not in_item:
            continue
        first = token.children[0] if token.children else None
        found = _TASK.match(first.content) if first is not None and first.type == "text" else None
        if first is not None and found is not None and token.children is not None:
            first.content = first.content[found.end() :]
            box = Token("html_inline", "", 0)
            done = found[1] in "xX"
            box.content = f'<span class="task">{"x" if done else "&nbsp;"}</span> '
            token.children.insert(0, box)
