"""A `google.colab` that mounts, uploads, and downloads nothing, and the magics of Colab."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

MODULES = (
    "ai", "auth", "data_table", "drive", "files", "html", "kernel",
    "output", "patches", "runtime", "sheets", "snippets", "syntax", "userdata", "widgets",
)  # fmt: skip
"""Modules of `google.colab` that can be imported by name; anything else in it can be looked up."""

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
MOST_UPLOADED_BYTES = 16 * 2**20
"""Bytes of all files together that are handed over as an upload."""


class _Nothing:
    """Anything of Colab that the notebook does not need: it can be called, and does nothing."""

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told

    def __call__(self, *_: Any, **__: Any) -> _Nothing:
        self._told()
        return self

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __bool__(self) -> bool:
        return False


class _Module(types.ModuleType):
    """A module in which every name is there."""

    def __init__(self, name: str, told: Callable[[], None]) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self._told = told

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(self._told)


class _Uploads(Mapping[str, bytes]):
    """What `files.upload()` returns: the files that are there, pictures first.

    Read at once: `open(name, "wb").write(uploaded[name])` empties the file before it asks for it.
    """

    def __init__(self) -> None:
        files = (path for path in Path.cwd().iterdir() if path.is_file())
        visible = (path for path in files if not path.name.startswith("."))
        order = sorted(visible, key=lambda p: (p.suffix.lower() not in PICTURES, p.name))
        self._read: dict[str, bytes] = {}
        left = MOST_UPLOADED_BYTES
        for path in order:
            left -= path.stat().st_size
            if left >= 0:
                self._read[path.name] = path.read_bytes()

    def __getitem__(self, name: str) -> bytes:
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


def _show(image: Any, *_: Any, **__: Any) -> None:
    """`google.colab.patches.cv2_imshow`: draw a BGR image with matplotlib."""
    import matplotlib.pyplot as plt

    plt.imshow(np.asarray(image)[..., ::-1])
    plt.axis("off")
    plt.show()


def install(told: Callable[[], None]) -> None:
    """Put the modules where imports find them.

    Args:
        told: Called when something of it is used.
    """

    def upload(*_: Any, **__: Any) -> _Uploads:
        told()
        return _Uploads()

    def secret(*_: Any, **__: Any) -> str:
        told()
        return ""

    google = sys.modules.setdefault("google", types.ModuleType("google"))
    google.__path__ = getattr(google, "__path__", [])
    colab = _Module("google.colab", told)
    for name in MODULES:
        module = _Module(f"google.colab.{name}", told)
        setattr(colab, name, module)
        sys.modules[module.__name__] = module
    colab.files.upload = upload
    colab.patches.cv2_imshow = _show
    colab.userdata.get = secret
    google.colab = colab  # type: ignore[attr-defined]
    sys.modules["google.colab"] = colab


def install_magics(told: Callable[[], None], shell: Any) -> None:
    """Give a shell the magics of Colab.

    Args:
        told: Called when one of them is used.
        shell: The kernel's.
    """

    def nothing(*_: Any) -> None:
        """A setting of Colab that has no meaning here."""
        told()

    def run_in_shell(line: str, cell: str | None = None) -> None:
        """`%shell` and `%%shell`: run text in a shell; as for `!`, its status stops nothing."""
        told()
        shell.system(line if cell is None else cell)

    def draw_inline(line: str) -> Any:
        """`%matplotlib`: every interactive form draws into the notebook, as a run does."""
        inline = not line.strip() or line.strip().startswith(("inline", "agg", "-"))
        if not inline:
            told()
        return plain_matplotlib(line if inline else "inline")

    plain_matplotlib = shell.find_line_magic("matplotlib")
    for name in ("tensorflow_version", "tensorboard", "reload_kernel"):
        shell.register_magic_function(nothing, "line", name)
    shell.register_magic_function(run_in_shell, "line_cell", "shell")
    if plain_matplotlib is not None:
        shell.register_magic_function(draw_inline, "line", "matplotlib")
