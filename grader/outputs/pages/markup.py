"""Text that others wrote to HTML that can do nothing: no tags, scripts, remote or local files.

Markdown is rendered with HTML switched off and then sanitised. Formulas and pictures are made by
us and put in after that, in place of markers of private-use characters, which the text itself is
stripped of first.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from grader.model.formulas.reading import FENCE, read_formulas
from grader.model.formulas.tree import Misread
from grader.model.formulas.typesetting import typeset
from grader.outputs.pages import pictures, simple_html
from grader.outputs.pages.answer_pictures import AnswerPictures
from grader.outputs.pages.maths import MAX_COST_PER_TEXT, cost, set_math
from grader.outputs.pages.picture_process import decode_apart
from reference.errors import ConfigError

MAX_MARKDOWN_CHARS = 32_000_000
"""Longer text is cut (a picture inside it counts)."""
MAX_WORDS_CHARS = 60_000
"""Longer text is cut, its pictures not counted: some markdown takes a second for so much."""
MAX_CODE_CHARS = 40_000
"""Longer code is cut."""
MAX_IMAGES = 24
"""More pictures in one text are not shown."""
MAX_MEGAPIXELS = 40.0
"""Pixels in millions that pictures of one text may have together; further ones are not shown."""

_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MARKER = re.compile("\ue000([0-9]+)\ue001")
_DATA_IMAGE = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp)(?:;[a-z0-9=-]+)*;base64,([A-Za-z0-9+/=]*)", re.IGNORECASE
)
_PLACE_OF_IMAGE = re.compile(r"set-aside-picture-([0-9]{1,4})")
_TAGS = frozenset(
    {
        *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
        *("a", "span", "div", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
        *("b", "i", "u", "sub", "sup", "mark", "kbd"),
    }
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "span": {"class"},
    "div": {"class"},
    "code": {"class"},
    "pre": {"class"},
    "ol": {"start"},
}


def plain(text: str) -> str:
    """Return text without colour codes, control, private-use and direction characters."""
    return _UNWANTED.sub("", _ANSI.sub("", text))


def inline_markup(text: str) -> Markup:
    """Return one of our sentences with `code` between backticks; all else is escaped."""
    parts = plain(text).split("`")
    if len(parts) % 2 == 0:
        return escape(plain(text))
    html = [
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    ]
    return Markup().join(html)


def code_html(source: str, language: str = "python") -> Markup:
    """Return source code as highlighted HTML (classes only, the stylesheet has the colours)."""
    shown = plain(source)
    if len(shown) > MAX_CODE_CHARS:
        shown = shown[:MAX_CODE_CHARS] + "\n… cut here"
    try:
        lexer = get_lexer_by_name(language, stripnl=True)
    except ClassNotFound:
        return Markup('<pre class="code"><code>{}</code></pre>').format(shown)
    body = Markup(highlight(shown, lexer, HtmlFormatter(nowrap=True)))  # noqa: S704 -- it escapes
    return Markup('<pre class="code"><code>{}</code></pre>').format(body)


def markdown_html(text: str, own: AnswerPictures | None = None) -> Markup:
    """Return a student's markdown as safe HTML with formulas, code and its own pictures.

    Args:
        text: The markdown; pictures may stand in it as data.
        own: Where its other pictures lie: pasted into its cells, or files of the submission.
    """
    made = _Made(own=own or AnswerPictures())
    shown = plain(text)
    if len(shown) > MAX_MARKDOWN_CHARS:
        shown = shown[:MAX_MARKDOWN_CHARS] + "\n\n… cut here"
    shown = _DATA_IMAGE.sub(made.set_aside, shown)
    if len(shown) > MAX_WORDS_CHARS:
        shown = shown[:MAX_WORDS_CHARS] + "\n\n… cut here"
    html = nh3.clean(
        _parser(made).render(shown),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    filled = _MARKER.sub(lambda match: made.pieces[int(match[1])], html)
    return Markup(filled)  # noqa: S704 -- sanitised above, the pieces are ours


@dataclass(slots=True)
class _Made:
    """Pieces of HTML that were made while one text was rendered."""

    own: AnswerPictures
    pieces: list[Markup] = field(default_factory=list)
    cost: int = 0
    images: int = 0
    megapixels: float = 0.0
    data: list[str] = field(default_factory=list)

    def marker(self, piece: Markup) -> str:
        self.pieces.append(piece)
        return f"\ue000{len(self.pieces) - 1}\ue001"

    def formula(self, latex: str, *, display: bool) -> str:
        self.cost += cost(latex)
        if self.cost > MAX_COST_PER_TEXT:
            return self.marker(Markup('<code class="math">{}</code>').format(latex.strip()))
        return self.marker(set_math(latex, display=display))

    def set_aside(self, match: re.Match[str]) -> str:
        """Keep a picture's data apart, so that the text is as long as its words."""
        if len(self.data) > MAX_IMAGES:
            return "set-aside-picture-9999"
        self.data.append(match[1])
        return f"set-aside-picture-{len(self.data) - 1}"

    def image(self, source: str, alt: str) -> str:
        self.images += 1
        try:
            if self.images > MAX_IMAGES:
                raise ConfigError(f"only the first {MAX_IMAGES} of a text are")
            pixels = self.decoded(self.data_of(source))
        except (ConfigError, binascii.Error) as error:
            told = ": ".join(filter(None, (alt, plain(str(error)))))
            return self.marker(Markup("<em>[picture not shown: {}]</em>").format(told))
        uri = pictures.answer_data_uri(pixels)
        words = alt or "Picture in the answer"
        return self.marker(
            Markup('<img class="answer-picture" alt="{}" src="{}">').format(words, uri)
        )

    def data_of(self, source: str) -> bytes:
        """Return the bytes of a picture: as set aside before, or as the submission holds them."""
        place = _PLACE_OF_IMAGE.fullmatch(source)
        if place is None:
            return self.own.data_of(source)
        if int(place[1]) >= len(self.data):
            raise ConfigError(f"only the first {MAX_IMAGES} of a text are")
        return base64.b64decode(self.data[int(place[1])])

    def decoded(self, data: bytes) -> pictures.Pixels:
        if self.megapixels > MAX_MEGAPIXELS:
            raise ConfigError("the pictures before it are too large")
        pixels = decode_apart(data, where="picture")
        self.megapixels += pixels.shape[0] * pixels.shape[1] / 1e6
        return pixels


def _parser(made: _Made) -> MarkdownIt:
    def image(
        _: RendererHTML, tokens: Sequence[Token], index: int, _o: OptionsDict, _e: EnvType
    ) -> str:
        token = tokens[index]
        return made.image(str(token.attrGet("src") or ""), plain(token.content))

    def block(
        _: RendererHTML, tokens: Sequence[Token], index: int, _o: OptionsDict, _e: EnvType
    ) -> str:
        return f"<p>{made.formula(tokens[index].content, display=True)}</p>\n"

    def inline(
        _: RendererHTML, tokens: Sequence[Token], index: int, _o: OptionsDict, _e: EnvType
    ) -> str:
        token = tokens[index]
        return made.formula(token.content, display=token.type == "math_inline_double")

    def fence(
        renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        token = tokens[at]
        lines = _typeset(token.content) if token.info.strip() == FENCE else ()
        if not lines:
            return renderer.fence(tokens, at, options, env)
        return "".join(f"<p>{made.formula(line, display=True)}</p>\n" for line in lines)

    parser = MarkdownIt("commonmark", {"html": False, "highlight": _fence}).enable(
        ["table", "strikethrough"]
    )
    simple_html.install(parser)
    parser.use(dollarmath_plugin, allow_labels=False, double_inline=True)
    parser.use(amsmath_plugin)
    parser.add_render_rule("image", image)
    parser.add_render_rule("fence", fence)
    for rule in ("amsmath", "math_block"):
        parser.add_render_rule(rule, block)
    for rule in ("math_inline", "math_inline_double"):
        parser.add_render_rule(rule, inline)
    for rule in ("heading_open", "heading_close"):
        parser.add_render_rule(rule, _lowered)
    return parser


def _typeset(cell: str) -> tuple[str, ...]:
    """Return the lines of a formula cell as LaTeX; none where it cannot be read."""
    try:
        return tuple(map(typeset, read_formulas(cell)))
    except (Misread, RecursionError):
        return ()


def _fence(source: str, language: str, _attributes: str) -> str:
    return str(code_html(source, language or "python"))


def _lowered(
    _: RendererHTML, tokens: Sequence[Token], index: int, _o: OptionsDict, _e: EnvType
) -> str:
    """Put headings of an answer below the page's own (h1 becomes h4)."""
    token = tokens[index]
    tag = f"h{min(int(token.tag[1]) + 3, 6)}"
    return f"</{tag}>\n" if token.nesting < 0 else f"<{tag}>"
