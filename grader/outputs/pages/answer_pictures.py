"""Pictures that an answer shows: pasted into its cell, or files of the submission.

Only their bytes come from here; they are decoded apart and encoded anew before a page shows them.
Nothing is fetched, and no path leads out of the submission.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from grader.intake.limits import MIB, IntakeLimits
from grader.intake.notebook import Json, NotANotebook, document_of
from grader.model.attachments import SCHEME, parse_place
from grader.model.records import Submission
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from reference.errors import ConfigError

MAX_FILE_BYTES = 32 * 2**20
"""A larger file is not read as a picture."""

_KINDS = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/jpg")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


class AnswerPictures:
    """The pictures of one submission, by their addresses in markdown."""

    def __init__(self, folder: Path | None = None, notebook: str = "") -> None:
        """Take the folder that the submission was unpacked into, and its notebook's path below it.

        Without a folder there are no pictures.
        """
        self._folder = folder
        self._notebook = notebook

    def data_of(self, address: str) -> bytes:
        """Return the bytes of a picture's file, whatever they are.

        Raises:
            ConfigError: it is not in the submission; the text says why, for the end of a sentence.
        """
        place = parse_place(address)
        if place is not None:
            return self._attached(*place)
        if address.startswith(SCHEME):
            name = unquote(address.removeprefix(SCHEME))
            raise ConfigError(f"{name} is not attached to its cell")
        if address.lower().startswith("data:"):
            raise ConfigError("only PNG, JPEG, GIF, and WebP are")
        if _ADDRESS.match(address):
            raise ConfigError(f"{address} is not in the submission")
        return self._file(unquote(address.partition("?")[0].partition("#")[0]))

    def _attached(self, number: int, name: str) -> bytes:
        cell = self._cells[number - 1] if 0 < number <= len(self._cells) else None
        attachments = cell.get("attachments") if isinstance(cell, Mapping) else None
        bundle = attachments.get(name) if isinstance(attachments, Mapping) else None
        forms = bundle if isinstance(bundle, Mapping) else {}
        encoded = next((forms[kind] for kind in _KINDS if kind in forms), None)
        if isinstance(encoded, list):
            encoded = "".join(line for line in encoded if isinstance(line, str))
        if not isinstance(encoded, str):
            found = "only PNG, JPEG, GIF, and WebP are" if forms else "it is not in the notebook"
            raise ConfigError(found)
        try:
            return base64.b64decode(encoded)
        except (binascii.Error, ValueError):
            raise ConfigError(f"{name} is damaged") from None

    @cached_property
    def _cells(self) -> list[Json]:
        """The notebook's cells; none where it cannot be read."""
        if self._folder is None or not self._notebook:
            return []
        path = self._folder / self._notebook
        try:
            if path.stat().st_size > IntakeLimits().notebook_mib * MIB:
                return []
            cells = document_of(path.read_bytes()).get("cells")
        except (OSError, NotANotebook):
            return []
        return cells if isinstance(cells, list) else []

    @cached_property
    def _files(self) -> Mapping[str, Path]:
        """The submission's files by their paths below its folder; no links."""
        if self._folder is None:
            return {}
        root = self._folder
        return {
            path.relative_to(root).as_posix(): path
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }

    def _file(self, name: str) -> bytes:
        """Find a file from the notebook's folder on, from the top, or by its name alone.

        The last is for paths of another machine, such as `/content/drive/My Drive/fig.png`.
        """
        path = self._files.get(_normal(PurePosixPath(self._notebook).parent / name))
        path = path or self._files.get(_normal(PurePosixPath(name)))
        if path is None:
            alike = [p for key, p in self._files.items() if PurePosixPath(key).name == _last(name)]
            path = alike[0] if len(alike) == 1 else None
        if path is None:
            raise ConfigError(f"{name} is not in the submission")
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise ConfigError(f"{name} is larger than {MAX_FILE_BYTES // 2**20} MiB")
            return path.read_bytes()
        except OSError as error:
            raise ConfigError(f"{name}: {error.strerror}") from error


def pictures_of(results: ResultFolder) -> AnswerPictures:
    """Return the pictures of a graded submission; none where its files are not kept."""
    record = results.record("submission")
    if not record.is_file() or not results.submission.is_dir():
        return AnswerPictures()
    return AnswerPictures(results.submission, load(Submission, record).notebook_path)


def own_pictures(folder: ResultFolder) -> AnswerPictures:
    """Return the pictures of a hand-in; none where its record cannot be read."""
    try:
        return pictures_of(folder)
    except ConfigError:
        return AnswerPictures()


def _normal(path: PurePosixPath) -> str:
    """Return a path without `.` and `..`; one that would leave the top stays below it."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            del parts[-1:]
        elif part not in {"/", "."}:
            parts.append(part)
    return "/".join(parts)


def _last(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name
