"""The files of an offering: a folder with `assignment.toml`, its notebooks, and its own checks.

    assignment.toml   parts, points, dates, questions, experiments
    master.ipynb      what staff edit; `grader offering notebooks` makes the next two of it
    release.ipynb     the notebook that students get; cells of submissions are aligned with it
    solved.ipynb      the same with every solution; grading never reads it
    checks.py         checks that only this offering has; staff's own code, and trusted
    messages.toml     sentences that these checks say
    rubrics.toml      what people give points for

A folder without a master says whose it uses (`like = "NAME"`): its notebooks are made of that
one's, with its own facts. A folder without notebooks says whose it uses (`notebook = "NAME"`). A
`.toml` file by itself uses those of the default offering.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from reference.errors import ConfigError

OFFERINGS = Path(str(resources.files("grader.model"))) / "offerings"
"""The grader's own offerings, a folder each."""

DEFAULT_ASSIGNMENT = (OFFERINGS / "default.txt").read_text(encoding="ascii").strip()
"""Name of the offering that is used where none is named."""

SEARCH_PATH = "PSET4_OFFERINGS"
"""Environment variable: folders whose offerings are known by name, parted as in PATH."""

TOML = "assignment.toml"
"""File name of an offering's facts."""
MASTER = "master.ipynb"
"""File name of the notebook that staff edit."""
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

    Known by name are the grader's own, and those in the folders of PSET4_OFFERINGS.

    Raises:
        ConfigError: there is nothing of that name.
    """
    plain = "/" not in name and name not in {"", ".", ".."}
    known = _known_folder(name) if plain else None
    folder = known or Path(name)
    if name and folder.is_dir():
        if not (folder / TOML).is_file():
            raise ConfigError(
                f"assignment {name!r}: expected {TOML} in this folder, found none; `grader "
                "offering new` makes such a folder"
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


def _known_folder(name: str) -> Path | None:
    """Return the folder of an offering that is known by its name; None where it is not."""
    places = os.environ.get(SEARCH_PATH, "").split(os.pathsep)
    for place in (OFFERINGS, *(Path(one).expanduser() for one in places if one)):
        if (place / name / TOML).is_file():
            return place / name
    return None


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


def offering_place(name: str) -> str:
    """Return how an offering is found again from anywhere: its name if it is known, or its path.

    Raises:
        ConfigError: there is nothing of that name.
    """
    place = find_offering(name)
    if "/" not in name and _known_folder(name) is not None:
        return name
    return str(place.folder or place.toml.absolute())


def recorded_offering(name: str, results: Path) -> str:
    """Return the name by which the offering of some results is loaded: that which they record.

    Raises:
        ConfigError: it is of staff's own, and only they know where its folder is.
    """
    if "/" in name or _known_folder(name) is None:
        raise ConfigError(
            f"{results}: these are results of the offering {name!r}, which is not one of the "
            "grader's own; say where its folder is with --assignment FOLDER (make: "
            f"ASSIGNMENT=FOLDER), or once and for all: {SEARCH_PATH}=FOLDER_OF_OFFERINGS"
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
                f"{where}: expected {RELEASE} beside it, found none; write it with `grader "
                f"offering notebooks {own}`, or name the offering whose notebook is used: "
                f'notebook = "{DEFAULT_ASSIGNMENT}"'
            )
        return own if own is not None else OFFERINGS / DEFAULT_ASSIGNMENT
    if has_own:
        raise ConfigError(
            f"{where}: notebook: this offering has its own {RELEASE}; take the key out, or the file"
        )
    return folder_of(named, place, f"{where}: notebook", needs=RELEASE)


def master_folder(like: str, place: Place) -> Path:
    """Return the folder whose master an offering's notebooks are made of.

    Args:
        like: What its key `like` says; empty where it has none.
        place: Where it lies.

    Raises:
        ConfigError: it has no master and is like no offering that has one.
    """
    own = place.folder
    if own is not None and ((own / MASTER).is_file() or not like):
        return own
    return folder_of(like, place, f"{place.where}: like", needs=MASTER)


def folder_of(named: object, place: Place | None, where: str, *, needs: str) -> Path:
    """Return the folder of another offering, which one of the grader's or one beside it is.

    Args:
        named: What a key of the file says.
        place: Where the file lies; None for text without a file.
        where: Name of file and key, for errors.
        needs: Name of a file that it must have.

    Raises:
        ConfigError: there is no such folder.
    """
    beside = place.toml.absolute().parent.parent / str(named) if place is not None else None
    below = place.toml.absolute().parent / str(named) if place is not None else None
    for folder in (OFFERINGS / str(named), beside, below):
        if named and folder is not None and (folder / needs).is_file():
            return folder
    raise ConfigError(
        f"{where}: expected the name or the folder of an offering with {needs}, found {named!r}"
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


def files_of_staff(place: Place) -> tuple[Path, ...]:
    """Return what grading reads of an offering's folder; its solutions are not among it."""
    folder = place.folder
    if folder is None:
        return (place.toml,)
    names = (TOML, RELEASE, CHECKS, MESSAGES, RUBRICS)
    return tuple(folder / name for name in names if (folder / name).is_file())


def read_own(name: str, place: Place | None) -> bytes:
    """Return a file of an offering's own, such as `checks.py`; empty where it has none.

    Only a folder that staff name is looked into, never what lies beside a `.toml` by itself.
    """
    folder = place.folder if place is not None else None
    return read_file(folder / name) if folder and (folder / name).is_file() else b""
