"""What two or more submissions have in common. For staff; never a part of a grade."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilaritySettings:
    """When code counts as similar. Lengths are in characters of code without names and comments."""

    k: int = 30
    """Length of the pieces that are looked for: one to two lines."""
    least_shared: int = 100
    """What a pair, or a cell, must have in common: some eight lines."""
    least_share: float = 0.4
    """The same, as a share of the shorter own code that few others have."""
    common_share: float = 0.1
    """What more than this share of the class has is the usual solution, and proves nothing."""
    common_least: int = 6
    """The same for small classes, in students."""
    common_pictures: int = 3
    """Students with one picture above which it is a usual one, in a small class."""
    most_pairs: int = 200
    """Pairs that are shown with their code, the most similar first."""
    most_lines: int = 160
    """Lines of one side of a pair that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProseSettings:
    """When prose counts as similar."""

    words: int = 7
    """Words in a row that are looked for."""
    least_runs: int = 20
    """Such runs that a pair must have in common: 26 words in a row, or several shorter pieces."""
    most_pairs: int = 100
    """Pairs that are shown with their text, the most similar first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Some text."""

    text: str
    """As the student wrote it."""
    marked: bool
    """Whether it is in both submissions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProsePiece:
    """Texts of one part in which two submissions agree."""

    part_id: str
    """Part; empty for none."""
    left: tuple[Span, ...]
    """The first student's; empty where it is the text of another part."""
    right: tuple[Span, ...]
    """The second student's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarProse:
    """Two submissions that share words in a row which few others have."""

    left: str
    """Kerberos name, the lesser."""
    right: str
    """Kerberos name, the greater."""
    shared: int
    """Runs of words that both have."""
    pieces: tuple[ProsePiece, ...] = ()
    """Side by side; empty where there are too many pairs to show all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameReport:
    """A `report.pdf` that several students handed in byte for byte."""

    sha256: str
    """Of its bytes."""
    kerberos_names: tuple[str, ...]
    """Of whom, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of code."""

    text: str
    """Without its end."""
    marked: bool
    """Whether it is in both submissions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Cells of one part in which the two submissions agree."""

    part_id: str
    """Part; empty for none."""
    left: tuple[Line, ...]
    """The first student's."""
    right: tuple[Line, ...]
    """The second student's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarPair:
    """Two submissions that share code which few others have."""

    left: str
    """Kerberos name, the lesser."""
    right: str
    """Kerberos name, the greater."""
    shared: int
    """Pieces of code that both have."""
    share: float
    """Of the shorter of both, 0 to 1."""
    pieces: tuple[Piece, ...] = ()
    """Side by side; empty where there are too many pairs to show all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarGroup:
    """Submissions that are joined by similar pairs."""

    kerberos_names: tuple[str, ...]
    """Of whom, sorted."""
    pairs: tuple[SimilarPair, ...]
    """The most similar first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameCell:
    """A cell that several students have word for word, names included."""

    part_id: str
    """Part; empty for none."""
    source: str
    """Its text, as the first of them has it."""
    kerberos_names: tuple[str, ...]
    """Of whom, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamePicture:
    """A stored picture that several students have byte for byte."""

    sha256: str
    """Of its bytes."""
    part_ids: tuple[str, ...]
    """Parts under which it is stored, sorted."""
    kerberos_names: tuple[str, ...]
    """Of whom, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """What was found in a class."""

    compared: int
    """Students who were compared."""
    common_limit: int
    """What more students than this have is taken as the usual solution."""
    groups: tuple[SimilarGroup, ...] = ()
    """The most similar first."""
    cells: tuple[SameCell, ...] = ()
    """Shared by few first."""
    pictures: tuple[SamePicture, ...] = ()
    """Shared by few first."""
    settings: SimilaritySettings = field(default_factory=SimilaritySettings)
    """By which it was found."""
    reports: tuple[SameReport, ...] = ()
    """By their students."""
    prose: tuple[SimilarProse, ...] = ()
    """The most similar first."""
    prose_settings: ProseSettings = field(default_factory=ProseSettings)
    """By which prose was found."""
