"""What a kernel might say in a run: seeded conversations, most of it almost right.

A number gives a conversation of some fifty messages: those of the recorders and those of Jupyter,
each field of each type exchanged for something of another type, size, depth or sign; doubled, late,
out of order, with another run's nonce, with arrays that are not what the table says.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from grader.kernel.bounds import EXACT_IMAGES, GRADIENT_STEPS, LOOK_STEPS
from grader.kernel.channel import MIME
from tests.fuzz.mutate import VALUES
from tests.grader.execution.fake_kernel import NONCE

MESSAGES = 50
"""Of one conversation."""
MOST_PLACES = 2000
"""Fields of a message that are looked through."""
LARGE_EVERY = 1500
"""One in so many messages is as large as it gets."""
ODD: tuple[Any, ...] = (
    *VALUES,
    *(-1, 10**7, 10**7 + 1, 10**19, 10**400, 1e300, float("-inf"), "run1", "run9999", "../x"),
    *(
        "x" * 700,
        "\udfff" * 3,
        ["\ud800"],
        {"\ud800": "\udc00"},
        [0] * 5000,
        {"a": {"a": {"a": 1}}},
    ),
    *("float64", "object", [1, 3, 8, 8], [2**31] * 6, [0, 2**31], [-1], True),
)
"""What takes the place of a field."""
DTYPES = ("float16", "float32", "float64", "uint8", "int64", "bool", "object", "<f4", "complex64")
SHAPES = (
    *((1, 3, 8, 8), (1, 3, 8, 8), (1, 3, 8, 8), (2, 3, 4, 4), (1, 1000), (1000,), (5,), ()),
    *((1, 1, 8, 8), (1, 5, 8, 8), (1, 3, 0, 8), (0, 3, 8, 8), (3, 8, 8), (1, 3, 1, 1), (0,)),
)
LARGE: tuple[tuple[int, ...], ...] = ((1, 3, 1000, 1000), (1, 3, 2000, 2000), (4, 3, 512, 512))

Body = dict[str, Any]
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, or what else happens between two of them."""

    kind: str
    """Of Jupyter; `cell`, `ask` and `reply` are for the driver."""
    content: Any = None
    """As JSON, or bytes that are to be JSON."""
    buffers: tuple[bytes, ...] = ()
    header: Body = field(default_factory=dict)
    """More of the header."""


def conversation(seed: int, number: int) -> list[Message]:
    """Return the messages of this number; the same numbers give the same messages."""
    draw = random.Random(f"{seed}/said/{number}")  # noqa: S311 -- damage, no secret
    said: list[Message] = []
    polite = number % 4 == 0  # only the evidence is odd; else few would be heard to the end
    for _ in range(MESSAGES):
        how = draw.randrange(20)
        if how < 11:
            one = _evidence(draw)
            said.append(replace(one, header={}) if polite else one)
        elif how < 17:
            said.append(_sound_jupyter(draw) if polite else _jupyter(draw))
        elif how < 18:
            more = () if polite else (_reply(draw),)
            said.append(draw.choice((Message(kind="cell"), Message(kind="ask"), *more)))
        elif said:
            said.append(draw.choice(said))  # doubled, or late
    if draw.randrange(4) == 0:
        draw.shuffle(said)
    return said


def _run(draw: random.Random) -> str:
    return f"run{draw.choice((1, 1, 1, 2, 2, 3, draw.randrange(9999)))}"


def _step(draw: random.Random) -> int:
    return draw.choice((0, 1, 2, 5, 15, *GRADIENT_STEPS, *LOOK_STEPS, *EXACT_IMAGES))


def _open(draw: random.Random) -> tuple[Body, tuple[str, ...]]:
    body = {
        "run": _run(draw),
        "function": draw.choice(("", "generate_adversarial_example")),
        "class_id": draw.choice((None, 76, 282)),
        "weights": draw.choice(("", "0" * 64)),
        "in_features": draw.choice((None, 2048)),
        "untrained": False,
        "repeats": draw.choice(("", "", "run1")),
    }
    return body, ("start", "fingerprint", "made")


def _close(draw: random.Random) -> tuple[Body, tuple[str, ...]]:
    settings = {"step_size": 0.05, "eps_l2": None, "normalised": True, "norm": "l2"}
    part = {"layer": "fc", "call": 1, "channel": 7, "place": -1, "times": 3}
    body = {
        "run": _run(draw),
        "steps": 200,
        "seconds": 30.0,
        "error": draw.choice((None, {"name": "ValueError", "message": "x"})),
        "settings": draw.choice((None, settings)),
        "looks": 3,
        "parts": [part] * draw.choice((0, 1, 64, 65)),
        "training": False,
        "weights": "",
        "untrained": False,
    }
    return body, ("final", "shown", "fingerprint")


def _on_the_way(draw: random.Random) -> tuple[Body, tuple[str, ...]]:
    return {"run": _run(draw), "step": _step(draw)}, ("image", "gradient")


def _image(draw: random.Random) -> tuple[Body, tuple[str, ...]]:
    return _on_the_way(draw)[0], ("image",)


def _look(draw: random.Random) -> tuple[Body, tuple[str, ...]]:
    more = {"layer": "layer4.2.conv3", "call": 1, "own": True}
    return {**_on_the_way(draw)[0], **more}, ("image", "gradient", "cotangent")


def _prediction(_: random.Random) -> tuple[Body, tuple[str, ...]]:
    return {"weights": "", "training": False}, ("input", "logits", "made")


def _model(_: random.Random) -> tuple[Body, tuple[str, ...]]:
    return {"weights": "1" * 64, "in_features": 2048, "untrained": True}, ("fingerprint", "made")


def _probe(draw: random.Random) -> tuple[Body, tuple[str, ...]]:
    names = tuple(f"case{number}@numpy/0" for number in range(draw.choice((0, 1, 3, 40))))
    error = {"name": "ValueError", "message": "x"}
    calls = [
        {
            "key": name.rpartition("/")[0],
            "form": "numpy",
            "error": draw.choice((None, None, error)),
            "outputs": [{"name": name, "kind": "ndarray", "unreadable": draw.choice(("", "text"))}],
        }
        for name in names
    ]
    return {"probe": "conv1d_forward", "calls": calls, "used": ["torch.conv1d"]}, names


def _left_out(draw: random.Random) -> tuple[Body, tuple[str, ...]]:
    error = {"name": draw.choice(("", "ModuleNotFoundError")), "message": "x"}
    body = {"line": 2, "code": "import x", "reason": "module", "error": error, "names": ["x"]}
    return body, ()


def _plain(body: Body) -> Callable[[random.Random], tuple[Body, tuple[str, ...]]]:
    return lambda _: (json.loads(json.dumps(body)), ())


KINDS: dict[str, Callable[[random.Random], tuple[Body, tuple[str, ...]]]] = {
    "run-open": _open,
    "run-close": _close,
    "run-sample": _on_the_way,
    "run-image": _image,
    "run-look": _look,
    "prediction": _prediction,
    "model": _model,
    "probe": _probe,
    "left-out": _left_out,
    "leans": _plain({"names": [{"name": "x", "left_out": 0}]}),
    "bound": _plain({"names": ["conv1d_forward"]}),
    "shim": _plain({"name": "cuda-to-cpu"}),
    "note": _plain({"message": "a recorder failed"}),
    "progress": _plain({"run": "run1", "step": 5, "total": 200}),
    "started": _plain(dict.fromkeys(("device", "python", "torch", "torchvision", "numpy"), "1")),
}
"""Every kind of message of the recorders, as it should be."""


def _evidence(draw: random.Random) -> Message:
    kind = draw.choice(("run-open", "run-close", *KINDS))
    body, names = KINDS[kind](draw)
    arrays = {name: _array(draw, name) for name in names if draw.randrange(12)}
    table = [
        {"name": name, "dtype": array.dtype.name, "shape": list(array.shape)}
        for name, array in arrays.items()
    ]
    buffers = [array.tobytes() for array in arrays.values()]
    told = {"nonce": NONCE, "kind": kind, "body": body, "arrays": table}
    _damage_buffers(draw, table, buffers)
    content = {"data": {MIME: told}, "metadata": {}, "transient": {}}
    for _ in range(draw.choice((0, 0, 0, 1, 1, 2, 3))):
        _exchange(draw, told)
    if draw.randrange(40) == 0:
        _exchange(draw, content)
    if draw.randrange(30) == 0:
        told["nonce"] = draw.choice(("n1", "", "n0 ", "n"))
    return Message(
        kind="display_data",
        content=_wire(draw, content),
        buffers=tuple(buffers),
        header=_head(draw),
    )


def _array(draw: random.Random, name: str) -> np.ndarray:
    usual: tuple[int, ...] = (1, 1000) if name in {"fingerprint", "logits"} else (1, 3, 8, 8)
    if "@" in name:
        usual = (2, 5)
    if name == "made":
        usual = (5056,)
    shape: tuple[int, ...] = draw.choice((usual, usual, usual, usual, draw.choice(SHAPES)))
    if draw.randrange(LARGE_EVERY // 10) == 0:
        shape = draw.choice(LARGE)
    values = np.full(shape, draw.choice((0.0, 0.5, 1.0, float("nan"), float("inf"), -1e30)))
    kind = "uint8" if name == "made" else draw.choice(("float16", "float32", "float64", "float32"))
    with np.errstate(all="ignore"):
        return values.astype(kind)


def _damage_buffers(draw: random.Random, table: list[Body], buffers: list[bytes]) -> None:
    how = draw.randrange(40)
    if how == 0 and buffers:
        buffers.pop(draw.randrange(len(buffers)))
    elif how == 1:
        buffers.append(b"x" * draw.choice((0, 1, 768)))
    elif how == 2 and buffers:
        at = draw.randrange(len(buffers))
        buffers[at] = buffers[at][: draw.randrange(len(buffers[at]) + 1)]
    elif how == 3 and table:
        table.append(dict(draw.choice(table)))
        buffers.append(buffers[0] if buffers else b"")
    elif how == 4 and table:
        draw.choice(table)["dtype"] = draw.choice(DTYPES)
    elif how == 5 and table:
        draw.choice(table)["shape"] = list(draw.choice((*SHAPES, *LARGE)))


def _exchange(draw: random.Random, told: Any) -> None:
    """Exchange, drop, double or nest one field, anywhere in a message."""
    places: list[tuple[Any, Any]] = []
    waiting = [told]
    while waiting and len(places) < MOST_PLACES:
        holder = waiting.pop()
        items = holder.items() if isinstance(holder, dict) else enumerate(holder[:50])
        for key, child in items:
            places.append((holder, key))
            if isinstance(child, dict | list):
                waiting.append(child)
    if not places:
        return
    holder, key = draw.choice(places)
    how = draw.randrange(6)
    if how == 0:
        holder.pop(key)
    elif how == 1:
        holder[key] = [holder[key]] * draw.choice((1, 2, 9))
    elif how == 2 and isinstance(holder, dict):
        holder[str(draw.choice(ODD))[:20]] = holder[key]
    elif how == 3:
        nested: Any = holder[key]
        for _ in range(draw.choice((1, 5, 120, 200))):
            nested = draw.choice(([nested], {"a": nested}))
        holder[key] = nested
    else:
        holder[key] = deepcopy(draw.choice(ODD))


def _shown(draw: random.Random) -> Body:
    data = {"text/plain": ["x\n", "y"], "image/png": "iVBORw0KGgo=", "application/json": {"a": [1]}}
    names = draw.sample(sorted(data), draw.randrange(1, 4))
    transient = draw.choice(({}, {"display_id": "d"}, {"display_id": "e"}))
    return {"data": {n: data[n] for n in names}, "metadata": {}, "transient": transient}


def _jupyter(draw: random.Random) -> Message:
    sound = _sound_jupyter(draw)
    kind, content = sound.kind, sound.content
    for _ in range(draw.choice((0, 0, 1, 1, 2, 4))):
        _exchange(draw, content)
    if draw.randrange(40) == 0:
        kind = draw.choice(("", "x" * 5000, "execute_reply", "kernel_info_reply", "\ud800"))
    return Message(kind=kind, content=_wire(draw, content), header=_head(draw))


def _sound_jupyter(draw: random.Random) -> Message:
    kinds: dict[str, Body] = {
        "stream": {"name": draw.choice(("stdout", "stderr")), "text": "x\n" * draw.choice((1, 99))},
        "display_data": _shown(draw),
        "update_display_data": _shown(draw),
        "execute_result": {**_shown(draw), "execution_count": 3},
        "error": {"ename": "ValueError", "evalue": "x", "traceback": ["x", "y"]},
        "status": {"execution_state": draw.choice(("busy", "idle"))},
        "clear_output": {"wait": draw.choice((True, False))},
        "execute_input": {"code": "x = 1", "execution_count": 3},
        "comm_open": {"comm_id": "x", "target_name": "jupyter.widget", "data": {}},
        "shutdown_reply": {"restart": True},
    }
    kind = draw.choice(sorted(kinds))
    return Message(kind=kind, content=kinds[kind])


def _reply(draw: random.Random) -> Message:
    content: Any = {"status": "error", "ename": "ValueError", "evalue": "x", "traceback": []}
    for _ in range(draw.randrange(3)):
        _exchange(draw, content)
    return Message(kind="reply", content=content)


def _head(draw: random.Random) -> Body:
    if draw.randrange(60):
        return {}
    name = draw.choice(("version", "date", "msg_id", "msg_type", "session"))
    return {name: draw.choice((*ODD, "4.0", "5.0", "2021-01-01T00:00:00Z"))}


def _wire(draw: random.Random, content: Any) -> Any:
    """The content, or bytes that are almost it."""
    how = draw.randrange(300)
    if draw.randrange(LARGE_EVERY) == 0:
        return draw.choice(_LARGE)()
    if how > 2:
        return content
    data = json.dumps(content).encode()
    if how == 0:
        return data[: draw.randrange(len(data) + 1)]
    changed = bytearray(data)
    for _ in range(draw.choice((1, 3, 20))):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


_LARGE: tuple[Callable[[], bytes], ...] = (
    lambda: b"[" * 200_000,
    lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    lambda: b"[" + b"[]," * (5 * 2**20) + b"1]",
    lambda: b'{"data":{"x":[' + b'{"a":1},' * (2 * 2**20 - 9) + b"1]}}",
    lambda: b'{"name":"stdout","text":"' + b"1," * 2**20 + b'"}',
    lambda: b'{"name":"stdout","text":"' + b"\\ud800" * (2 * 2**20) + b'"}',
    lambda: b'{"data":{"text/plain":"' + b"x" * (40 * 2**20) + b'"},"metadata":{}}',
    lambda: b'{"name":"stdout","text":' + b"1" * 2**20 + b"}",
)
"""Contents as large as they are read, and larger."""
