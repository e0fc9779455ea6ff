"""The files of an offering: a folder with `assignment.toml`, its notebooks, and its own checks.

    assignment.toml   parts, points, dates, questions, experiments
    master.ipynb      what staff edit; `python -m authoring.release` makes the next two of it
    release.ipynb     the notebook that students get; cells of submissions are aligned with it
    solved.ipynb      the same with every solution; grading never reads it
    checks.py         checks that only this offering has; staff's own code, and trusted
    messages.toml     sentences that these checks say
    rubrics.toml      what people give points for

A folder without notebooks says whose it uses (`notebook = "NAME"`). A `.toml` file by itself
uses those of the default offering.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from reference.errors import ConfigError

OFFERINGS = Path(str(resources.files("grader.model"))) / "offerings"
"""The grader's own offerings, a folder each."""

DEFAULT_ASSIGNMENT = (OFFERINGS / "default.txt").read_text(encoding="ascii").strip()
"""Name of the offering that is used where none is named."""

TOML = "assignment.toml"
"""File name of an offering's facts."""
RELEASE = "release.ipynb"
"""File name of the notebook that students get."""
SOLVED = "solved.ipynb"
"""File name of the solved notebook."""
CHECKS = "checks.py"
"""File name of an offering's own checks."""
MESSAGES = "messages.toml"
"""File name of the sentences that these checks say."""
RUBRICS = "rubrics.toml"
"""File name of what people give points for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an offering lies."""

    toml: Path
    """The file with its facts."""
    folder: Path | None
    """Its folder; None for a `.toml` by itself."""

    @property
    def where(self) -> str:
        """Name for errors."""
        return f"{self.folder.name}/{TOML}" if self.folder is not None else self.toml.name


def find_offering(name: str) -> Place:
    """Return where an offering lies: by name, by its folder, or by a `.toml` file.

    Raises:
        ConfigError: there is nothing of that name.
    """
    own = OFFERINGS / name
    plain = "/" not in name and name not in {"", ".", ".."}
    folder = own if plain and (own / TOML).is_file() else Path(name)
    if name and folder.is_dir():
        if not (folder / TOML).is_file():
            raise ConfigError(
                f"assignment {name!r}: expected {TOML} in this folder, found none; copy one from "
                f"{OFFERINGS / DEFAULT_ASSIGNMENT}"
            )
        return Place(toml=folder / TOML, folder=folder.absolute())
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        is_folder = path.name == TOML
        return Place(toml=path, folder=path.absolute().parent if is_folder else None)
    raise ConfigError(
        f"assignment {name!r}: expected {', '.join(offering_names())}, the folder of an offering "
        "or the path of a .toml file, found nothing there"
    )


def offering_names() -> tuple[str, ...]:
    """Return the names of the grader's own offerings, sorted."""
    return tuple(sorted(path.parent.name for path in OFFERINGS.glob(f"*/{TOML}")))


def refuse_taken_name(name: str, place: Place) -> None:
    """Refuse an offering of staff's own that has the name of one of the grader's.

    Results say by its name of which offering they are: they would be scored by the grader's.

    Raises:
        ConfigError: it has such a name.
    """
    if name in offering_names() and place.toml.absolute().parent != OFFERINGS / name:
        raise ConfigError(
            f"{place.where}: name: {name!r} is an offering of the grader; give this one another "
            "name, such as that of its folder"
        )


def recorded_offering(name: str, results: Path) -> str:
    """Return the name by which the offering of some results is loaded: that which they record.

    Raises:
        ConfigError: it is of staff's own, and only they know where its folder is.
    """
    if name not in offering_names():
        raise ConfigError(
            f"{results}: these are results of the offering {name!r}, which is not one of the "
            "grader's own; say where its folder is with --assignment FOLDER (make: "
            "ASSIGNMENT=FOLDER)"
        )
    return name


def notebook_folder(named: object, place: Place | None, where: str) -> Path:
    """Return the folder whose notebooks an offering uses.

    Args:
        named: What its key `notebook` says; None where it has none.
        place: Where it lies; None for text without a file.
        where: Name for errors.

    Raises:
        ConfigError: it has none and names none, has and names one, or names what is not there.
    """
    own = place.folder if place is not None else None
    has_own = own is not None and (own / RELEASE).is_file()
    if named is None:
        if own is not None and not has_own:
            raise ConfigError(
                f"{where}: expected {RELEASE} beside it, found none; write it with `python -m "
                f"authoring.release {own}`, or name the offering whose notebook is used: "
                f'notebook = "{DEFAULT_ASSIGNMENT}"'
            )
        return own if own is not None else OFFERINGS / DEFAULT_ASSIGNMENT
    if has_own:
        raise ConfigError(
            f"{where}: notebook: this offering has its own {RELEASE}; take the key out, or the file"
        )
    beside = place.toml.parent / str(named) if place is not None else None
    for folder in (OFFERINGS / str(named), beside):
        if named and folder is not None and (folder / RELEASE).is_file():
            return folder
    raise ConfigError(
        f"{where}: notebook: expected the name or the folder of an offering with {RELEASE}, "
        f"found {named!r}"
    )


def read_file(path: Path) -> bytes:
    """Return the bytes of an offering's file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: expected a file, found {error.strerror}") from error


def read_own(name: str, place: Place | None) -> bytes:
    """Return a file of an offering's own, such as `checks.py`; empty where it has none.

    Only a folder that staff name is looked into, never what lies beside a `.toml` by itself.
    """
    folder = place.folder if place is not None else None
    return read_file(folder / name) if folder and (folder / name).is_file() else b""
