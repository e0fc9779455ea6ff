"""What a formula is after it was read: a small tree of frozen nodes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a node is."""

    NUMBER = "number"
    """A number; its digits are the text."""
    NAME = "name"
    """A scalar."""
    ITEM = "item"
    """An entry of an array: its name, and the index as only part."""
    CALL = "call"
    """A function: its name, and its arguments."""
    CHAIN = "chain"
    """Operands of one rank, with the signs between them."""
    NEGATIVE = "negative"
    """A minus before its only part."""
    NOT = "not"
    """The opposite of its only part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One piece of a formula."""

    kind: Kind
    """What it is."""
    text: str = ""
    """A number's digits, or a name."""
    signs: tuple[str, ...] = ()
    """Of a chain: one less than its parts."""
    parts: tuple[Node, ...] = ()
    """What it is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One line: `name = expression`, or `name[index] = expression`."""

    name: str
    """What is defined, as the grader calls it."""
    written: str
    """The same as the student calls it."""
    index: str
    """Name of the index; empty for a scalar."""
    value: Node
    """What it is."""


class Misread(Exception):
    """A formula that cannot be read, or not be evaluated.

    Args:
        code: Of the catalogue of checks.
        values: For the sentence's braces.
    """

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.values = values
