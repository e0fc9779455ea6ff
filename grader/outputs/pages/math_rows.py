"""Rows of a formula, without the measurements that change nothing.

ziamath sets each row twice: the first time to learn how far its brackets must stretch. The rows
inside are set twice in each of the two, so the time doubles with every level. Nothing has to be
learned where nothing stretches, nor while an outer row is measured: its height leaves brackets
out. Pictures are the same, byte for byte.

Importing this module is what puts it in place: ziamath finds its classes by the name of the
element, and takes the one that was defined last.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

with warnings.catch_warnings():  # it finds its font by a call that Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    from ziamath import operators
    from ziamath.nodes.mrow import Mrow
    from ziamath.nodes.nodetools import elementtext

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_UNUSED = (0.0, 0.0)
_FORMS = ("infix", "prefix", "postfix")


class Row(Mrow, tag="mrow"):
    """A row that is measured only where something in it stretches."""

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
