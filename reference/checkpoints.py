"""Read tensors from checkpoints without running anything that a file asks for.

A pickle is a program: while it is read it may import and call whatever it names. Two kinds of file
come up here:

* torchvision's checkpoints, a plain dict of tensors: `torch.load(weights_only=True)` reads them;
* Madry's lab's `imagenet_l2_3_0.pt`, a dict pickled with dill that holds, beside the tensors,
  objects of classes that are not installed: `weights_only` refuses it.

For the second kind `_Reader` interprets the pickle with a table of its own. A global that rebuilds
tensors is mapped to a record of what to build, every other one to `_Inert`, which swallows
arguments, state and items and does nothing. Nothing is imported, nothing of the file is called.
Both serialisations of torch are read: the zip archive, and the one before torch 1.6.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import torch

from reference.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""First pickle of a file that torch wrote before version 1.6."""

_DTYPES = {
    "BFloat16Storage": torch.bfloat16,
    "BoolStorage": torch.bool,
    "ByteStorage": torch.uint8,
    "CharStorage": torch.int8,
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "IntStorage": torch.int32,
    "LongStorage": torch.int64,
    "ShortStorage": torch.int16,
    "UntypedStorage": torch.uint8,
}
"""torch's storage classes, by name, and the type of their elements."""

_UNREADABLE = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)
"""What a damaged or foreign file makes the interpreter raise."""


def load_state_dict_file(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a checkpoint: those of its `model` entry if it has one, else its own.

    Args:
        path: A file that `torch.save` wrote, in either serialisation, with pickle or dill.

    Returns:
        Names as in the file, tensors on the CPU.

    Raises:
        ConfigError: The file is missing, damaged, or holds no named tensors.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: expected a checkpoint, found no file.")
    tree = _read(path)
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: expected a dict at the top, found {type(tree).__name__}.")
    entries: dict[object, object] = tree
    inner = entries.get("model")
    if isinstance(inner, dict):
        entries = inner
    tensors = {
        name: value
        for name, value in dict.items(entries)
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }
    if not tensors:
        raise ConfigError(f"{path}: expected named tensors, found none.")
    return tensors


def robust_state_dict(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Pick ResNet-50's entries from Madry's lab's, exactly as the course's notebook does.

    Entries with `model` in their name are kept and cut up to and including the first `model.`;
    `module.model.…` and `module.attacker.model.…` then coincide (they are the same tensors), and
    the normaliser's buffers fall away.
    """
    return {
        name.split("model.", 1)[1]: tensor for name, tensor in tensors.items() if "model." in name
    }


def _read(path: Path) -> object:
    try:
        tree: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        pass  # a global that torch does not know: the file needs the reader below
    except _UNREADABLE as error:
        raise _damaged(path) from error
    else:
        return tree
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        with path.open("rb") as file:
            return _read_legacy(file)
    except _UNREADABLE as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> ConfigError:
    return ConfigError(
        f"{path}: expected a checkpoint written by torch.save, found a damaged file or another "
        f"format; fetch it again."
    )


def _read_zip(path: Path) -> object:
    with zipfile.ZipFile(path) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("/data.pkl") or n == "data.pkl")
        folder = name.removesuffix("data.pkl")
        with archive.open(name) as file:
            reader = _Reader(file)
            tree = reader.load()
        raw = {key: archive.read(f"{folder}data/{key}") for key in reader.storages}
    return _build(tree, raw)


def _read_legacy(file: IO[bytes]) -> object:
    if _Reader(file).load() != _LEGACY_MAGIC:
        raise pickle.UnpicklingError("not torch's legacy serialisation")
    for _ in ("protocol version", "system information"):
        _Reader(file).load()
    reader = _Reader(file)
    tree = reader.load()
    raw: dict[str, bytes] = {}
    for key in _Reader(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        raw[key] = file.read(count * reader.storages[key].itemsize)
    return _build(tree, raw)


class _InertMeta(type):
    """Lets the class `_Inert` itself be filled like a dict."""

    def __setitem__(cls, key: object, value: object) -> None:
        """Swallow an item."""


class _Inert(metaclass=_InertMeta):
    """Stands for any class, function or object that the file names, and does nothing.

    Calling it gives the class again, so that whatever the pickle builds from it is inert too, and
    may be called, built upon, filled and used as a class in turn.
    """

    def __new__(cls, *_args: object, **_kwargs: object) -> Any:
        return _Inert

    @staticmethod
    def __setstate__(_state: object) -> None:
        """Swallow a state."""

    @staticmethod
    def append(_item: object) -> None:
        """Swallow an item."""

    @staticmethod
    def extend(_items: object) -> None:
        """Swallow items."""

    @staticmethod
    def add(_item: object) -> None:
        """Swallow an item."""


class _Mapping(dict[Any, Any]):
    """Stands for OrderedDict; the attributes that a state dict carries are dropped."""

    def __setstate__(self, _state: object) -> None:
        """Swallow the state."""


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: torch.dtype


@dataclass(frozen=True, slots=True)
class _Pending:
    """A tensor that is built once its storage has been read (legacy files hold those last)."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def _pending(
    storage: object, offset: object, shape: object, stride: object, *_rest: object
) -> object:
    if not isinstance(storage, _Storage):
        return _Inert
    return _Pending(
        storage, _whole(offset), _wholes(shape), _wholes(stride)
    )  # requires_grad and hooks do not matter here


def _parameter(data: object, *_rest: object) -> object:
    return data


def _wholes(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple):
        raise pickle.UnpicklingError("a tensor's shape and stride must be tuples")
    return tuple(_whole(value) for value in values)


def _whole(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise pickle.UnpicklingError("a tensor's offset, shape and stride must not be negative")
    return value


_KNOWN = {
    ("collections", "OrderedDict"): _Mapping,
    ("torch._utils", "_rebuild_tensor"): _pending,
    ("torch._utils", "_rebuild_tensor_v2"): _pending,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): tuple,
    **{("torch", name): dtype for name, dtype in _DTYPES.items()},
    ("torch.storage", "UntypedStorage"): torch.uint8,
}
"""Every global that means something; all others are `_Inert`."""


class _Reader(pickle.Unpickler):
    """Interprets a pickle with `_KNOWN` for its only globals."""

    def __init__(self, file: IO[bytes]) -> None:
        # Python 2's bytes decode with any encoding of 256 characters; names are ASCII
        super().__init__(file, encoding="latin1")
        self.storages: dict[str, torch.dtype] = {}

    def find_class(self, module: str, name: str, /) -> Any:
        return _KNOWN.get((module, name), _Inert)

    def persistent_load(self, pid: Any, /) -> object:
        kind = pid[0].decode() if isinstance(pid[0], bytes) else pid[0]
        if kind != "storage":  # legacy files keep the source text of modules in this way
            return _Inert
        dtype, key = pid[1], pid[2]
        if not isinstance(dtype, torch.dtype) or not isinstance(key, str) or _is_view(pid):
            return _Inert
        self.storages[key] = dtype
        return _Storage(key, dtype)


def _is_view(pid: tuple[object, ...]) -> bool:
    """Legacy files may describe a storage as a part of another one; torch >= 0.4 writes None."""
    return len(pid) > 5 and pid[5] is not None


def _build(tree: object, raw: Mapping[str, bytes]) -> object:
    """Replace the pending tensors of nested dicts by real ones."""
    if isinstance(tree, dict):
        return {key: _build(value, raw) for key, value in dict.items(tree)}
    if not isinstance(tree, _Pending):
        return tree
    content, dtype = raw[tree.storage.key], tree.storage.dtype
    flat = (
        torch.frombuffer(bytearray(content), dtype=dtype) if content else torch.empty(0).to(dtype)
    )
    view = torch.as_strided(flat, tree.shape, tree.stride, tree.offset)
    if view.numel() > flat.numel():
        raise pickle.UnpicklingError("a tensor is larger than its storage")
    return view.clone()
