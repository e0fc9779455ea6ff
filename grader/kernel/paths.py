"""Finds files by their names where a notebook looks for them on another machine.

Notebooks name files by where they lay: on a mounted Drive, in `/content`, on a laptop. A path that
is there stays as it is; one that is not is looked for by its name among the course's files and
those of the submission, which lie in the work folder. Only this process sees it so.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
import shutil
from collections.abc import Callable
from typing import Any

from . import going_on, kept

COLAB = "/content"
"""Colab's folder; a box has it as another name of the work folder."""
DRIVES = ("drive", "gdrive", "mydrive", "my drive", "shareddrives", "kaggle", "content")
"""Folders by which a path on another machine is known, in lower case."""


class Places:
    """Where the work folder is, and how paths are read."""

    def __init__(self, work: str, told: Callable[[], None]) -> None:
        self._work = work
        self._told = told
        self._exists = os.path.exists
        self._isdir = os.path.isdir
        self._mkdir = os.mkdir

    def found(self, path: Any) -> Any:
        """Return the path of a file to be read: itself where it is there, else one of its name."""
        text = _text(path)
        if text is None:
            return path
        kept.put_back(text)
        if self._exists(text):
            return path
        inside = self._of_colab(text)
        here = os.path.join(self._work, text.replace("\\", "/").rpartition("/")[2])  # noqa: PTH118
        for candidate in (inside, here):
            if candidate:
                kept.put_back(candidate)
            if candidate and self._exists(candidate) and not self._isdir(candidate):
                self._told()
                return candidate
        return path

    def folder(self, path: Any) -> Any:
        """Return the folder to change to, or to look into: the work folder for one of a Drive."""
        text = _text(path)
        if text is None or self._exists(text) or not _is_elsewhere(text):
            return path
        inside = self._of_colab(text)
        place = inside if inside and self._exists(inside) else self._work
        if place == self._work and not _is_on_drive(text):
            return path
        self._told()
        return place

    def written(self, path: Any) -> Any:
        """Return the path of a file to be written; folders of a Drive are made."""
        text = _text(path)
        if text is None or not _is_elsewhere(text):
            return path
        place = self._of_colab(text) or text
        try:
            self._make(os.path.dirname(place))  # noqa: PTH120
        except OSError:
            return path
        return place

    def _make(self, folder: str) -> None:
        """Make a folder and those above it, where they are missing."""
        if not folder or self._exists(folder):
            return
        self._make(os.path.dirname(folder))  # noqa: PTH120
        self._mkdir(folder)
        self._told()

    def _of_colab(self, text: str) -> str:
        """The same below the work folder, where Colab's folder is not this one's other name."""
        if not text.startswith(COLAB + "/") or self._exists(COLAB):
            return text if text.startswith(COLAB + "/") else ""
        return self._work + text[len(COLAB) :]


def _text(path: Any) -> str | None:
    """A path as text; None for a descriptor or a file that is open."""
    if isinstance(path, (str, bytes, os.PathLike)):
        return os.fsdecode(path)
    return None


def _is_elsewhere(text: str) -> bool:
    """Whether a path begins at a folder of Colab, of a Drive, or of Kaggle."""
    parts = [part.lower() for part in text.replace("\\", "/").split("/") if part not in {"", "."}]
    return bool(parts) and (parts[0] in DRIVES or (parts[0] == ".." and "drive" in parts))


def _is_on_drive(text: str) -> bool:
    """Whether a path lies on a mounted Drive, of which nobody knows the folders."""
    parts = {part.lower() for part in text.replace("\\", "/").split("/")}
    return bool(parts & set(DRIVES[:5]))


def install(told: Callable[[], None], work: str) -> None:
    """Let the functions that open files, and look for folders, find them by name.

    Args:
        told: Called when a path was read as another one.
        work: The work folder.
    """
    places = Places(work, told)
    opened = _opening(places, io.open)
    builtins.open = opened
    io.open = opened
    import IPython.core.interactiveshell as interactive

    interactive.io_open = opened  # type: ignore[attr-defined]  # behind a notebook's own `open`
    for name in ("chdir", "listdir", "scandir"):
        setattr(os, name, _first(getattr(os, name), places.folder))
    for name in ("exists", "isfile"):
        setattr(os.path, name, _known(getattr(os.path, name), places.found))
    for name in ("exists", "isdir"):
        setattr(os.path, name, _known(getattr(os.path, name), places.folder))
    os.mkdir = _first(os.mkdir, places.written)
    os.makedirs = _making(places, os.makedirs)
    # Moved from where it only seems to be, a file stays: on the Drive there is one of its own.
    for module, name, instead in (
        (shutil, "copyfile", None), (shutil, "copy", None), (shutil, "copy2", None),
        (shutil, "move", shutil.copy2), (os, "rename", shutil.copy2), (os, "replace", shutil.copy2),
    ):  # fmt: skip
        plain = getattr(module, name)
        setattr(module, name, _copying(places, plain, instead or plain))
    _install_cv2(places)


def _copying(
    places: Places, plain: Callable[..., Any], of_found: Callable[..., Any]
) -> Callable[..., Any]:
    """A copy, with another function for a file found elsewhere than it is said to be.

    Copied onto itself it would be emptied: it is there already.
    """
    exists, is_folder, same = os.path.exists, os.path.isdir, os.path.samefile

    @functools.wraps(plain)
    def copied(src: Any, dst: Any, *args: Any, **kwargs: Any) -> Any:
        found = places.found(src)
        if found is src:
            return plain(src, dst, *args, **kwargs)
        name = os.path.basename(found)  # noqa: PTH119
        target = os.path.join(dst, name) if is_folder(dst) else dst  # noqa: PTH118
        return target if exists(target) and same(found, target) else of_found(found, dst)

    return copied


def _making(places: Places, plain: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(plain)
    def makedirs(name: Any, mode: int = 0o777, exist_ok: bool = False) -> None:
        text = _text(name)
        if text is not None and _is_elsewhere(text):
            name = places.written(os.path.join(text, ""))  # noqa: PTH118 -- it ends in a slash
            exist_ok = True
        plain(name, mode, exist_ok)

    return makedirs


def _opening(places: Places, plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def opened(file: Any, mode: Any = "r", *args: Any, **kwargs: Any) -> Any:
        writes = isinstance(mode, str) and set(mode) & set("wax")
        return plain(places.written(file) if writes else places.found(file), mode, *args, **kwargs)

    return opened


def _first(plain: Callable[..., Any], place: Callable[[Any], Any]) -> Callable[..., Any]:
    """The same function with its first argument placed."""

    @functools.wraps(plain)
    def placed(*args: Any, **kwargs: Any) -> Any:
        return plain(place(args[0]), *args[1:], **kwargs) if args else plain(**kwargs)

    return placed


def _known(plain: Callable[[Any], bool], place: Callable[[Any], Any]) -> Callable[[Any], bool]:
    """The same question, asked of a path elsewhere also of what it stands for here."""

    @functools.wraps(plain)
    def known(path: Any) -> bool:
        if plain(path):
            return True
        text = _text(path)
        return text is not None and _is_elsewhere(text) and plain(place(path))

    return known


def _install_cv2(places: Places) -> None:
    import cv2

    plain, is_there = _first(cv2.imread, places.found), os.path.exists

    @functools.wraps(cv2.imread)
    def imread(*args: Any, **kwargs: Any) -> Any:
        """Read a picture; one that is not there is None, as ever, and told."""
        picture = plain(*args, **kwargs)
        if picture is None and args:
            lack = "is no picture that can be read" if is_there(args[0]) else "is not there"
            going_on.got_instead("file", f"{args[0]} {lack}")
        return picture

    class VideoCapture(cv2.VideoCapture):
        """A camera, or a film; one that is not there gives no picture, as ever, and is told."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*((places.found(args[0]), *args[1:]) if args else ()), **kwargs)
            if args and not self.isOpened():
                film = isinstance(args[0], str)
                said = f"{args[0]} is not there" if film else f"there is no camera {args[0]}"
                going_on.got_instead("file" if film else "device", said)

    VideoCapture.__module__ = "cv2"
    cv2.VideoCapture = VideoCapture  # type: ignore[misc]
    cv2.imread = imread
    cv2.imwrite = _first(cv2.imwrite, places.written)
