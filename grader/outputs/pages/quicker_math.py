"""ziamath without work that changes nothing: formulas took nine tenths of a staff page's time.

Rows. ziamath sets each row twice: the first time to learn how far its brackets must stretch. The
rows inside are set twice in each of the two, so the time doubles with every level. Nothing has to
be learned where nothing stretches, nor while an outer row is measured: its height leaves brackets
out.

Sizes and styles. It reads each length anew, and copies the style of the element above, deeply,
only to look things up in it.

Pictures are the same, byte for byte. Importing this module puts all of it in place.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

with warnings.catch_warnings():  # it finds its font by a call that Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    from ziamath import operators, styles
    from ziamath.nodes.mnode import Mnode
    from ziamath.nodes.mrow import Mrow
    from ziamath.nodes.nodetools import elementtext

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_UNUSED = (0.0, 0.0)
_FORMS = ("infix", "prefix", "postfix")


class Row(Mrow, tag="mrow"):
    """A row that is measured only where something in it stretches.

    ziamath finds its classes by the name of the element, and takes the one that was defined last.
    """

    def _get_height_nostretch(self, line: list[Element], **kwargs: Any) -> tuple[float, float]:
        if kwargs.get("nostretch") or not any(map(_stretches, line)):
            return _UNUSED
        low, high = super()._get_height_nostretch(line, **kwargs)
        return low, high


def _stretches(element: Element) -> bool:
    """Whether anything in an element may grow with its row."""
    return any(
        own != "false" if (own := one.get("stretchy")) else _is_stretchy(elementtext(one))
        for one in element.iter()
        if one.tag in {"mo", "mi"}  # some operators come as identifiers
    )


@lru_cache(maxsize=1024)
def _is_stretchy(operator: str) -> bool:
    return any(
        operators.get_params(operator, form).get("stretchy", "false") != "false" for form in _FORMS
    )


_read_size: Any = lru_cache(maxsize=4096)(Mnode.size_px)
"""With no node: of a node it takes only the size of its font, which is given here."""


def size_px(node: Mnode, size: str, fontsize: float | None = None) -> float:
    """Return a length in pixels, in place of `Mnode.size_px`."""
    pixels: float = _read_size(None, size, node.glyphsize if fontsize is None else fontsize)
    return pixels


Mnode.size_px = size_px  # type: ignore[assignment]
styles.asdict = vars  # type: ignore[attr-defined, assignment]
