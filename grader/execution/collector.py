"""From the kernel's messages to evidence records, `.npy` and `.npz` files."""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from grader.execution import messages as m
from grader.execution.probe_replies import reply_of
from grader.kernel.channel import MIME
from grader.model.records import (
    ArrayRef,
    AttackRun,
    CellRun,
    GradientSample,
    Leaning,
    LeftOut,
    Look,
    ModelState,
    Outcome,
    PartAsked,
    Prediction,
    ProbeReply,
    ProbeSpec,
    StepSettings,
)
from grader.model.text import one_line
from grader.planning.probes.questions import sent_by

Body = TypeVar("Body", bound=BaseModel)


def clear_arrays(folder: Path) -> None:
    """Take away the arrays of an earlier run; the records of the stages stay."""
    for path in folder.iterdir():
        if path.suffix in {".npy", ".npz"}:
            path.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """A sign of life from within an attack."""

    run: str
    """Which run."""
    step: int
    """Steps done."""
    total: int | None
    """Steps to do; None where not known."""


@dataclass
class Collector:
    """Checks and stores what the kernel sends during one run."""

    folder: Path
    """Evidence folder."""
    nonce: str
    """Of this run; a message without it is dropped."""
    max_bytes: int = 768 * 2**20
    """Greatest sum of array bytes of the run."""
    max_messages: int = 20_000
    """Greatest number of messages of the run."""
    over_cap: bool = False
    """Whether one of the two was reached; what came after was dropped."""
    cell_index: int = -1
    """The cell under way."""
    asking: ProbeSpec | None = None
    """The probe under way; a reply to any other is dropped.

    What the function was given is read off it, not off the reply.
    """
    runs: dict[str, AttackRun] = field(default_factory=dict)
    models: list[ModelState] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    replies: dict[str, ProbeReply] = field(default_factory=dict)
    shims: list[str] = field(default_factory=list)
    left_out: dict[int, tuple[LeftOut, ...]] = field(default_factory=dict)
    """By the cell."""
    leans: dict[int, tuple[Leaning, ...]] = field(default_factory=dict)
    """By the cell."""
    bound: list[str] = field(default_factory=list)
    """Names that were bound anew since `take_bound`."""
    problems: list[str] = field(default_factory=list)
    started: m.Started | None = None
    _bytes: int = 0
    _messages: int = 0
    _replied: int = 0

    def feed(self, content: Any, buffers: list[Any]) -> StepProgress | None:
        """Take one message; return a sign of life if it is one.

        A message that does not fit the schema is dropped and noted, never half used.
        """
        self._messages += 1
        if self._messages > self.max_messages:
            self.over_cap = True
            return None
        try:
            envelope = m.Envelope.model_validate(content["data"][MIME])
            if envelope.nonce != self.nonce:
                raise ValueError("the message does not carry this run's nonce")
            arrays = self._arrays(envelope.arrays, buffers)
            return self._dispatch(envelope, arrays)
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            self._problem(f"message dropped: {type(error).__name__}: {error}")
            return None

    def take_bound(self) -> tuple[str, ...]:
        """Return the names that were bound anew, once."""
        bound, self.bound = tuple(self.bound), []
        return bound

    def _problem(self, text: str) -> None:
        if len(self.problems) < 50:
            self.problems.append(" ".join(text.split())[:400])

    def _arrays(self, table: list[m.ArrayHeader], buffers: list[Any]) -> dict[str, np.ndarray]:
        """Rebuild the arrays from their bytes; sizes must fit exactly."""
        if len(table) != len(buffers):
            raise ValueError(f"expected {len(table)} buffers, found {len(buffers)}")
        arrays = {}
        for header, buffer in zip(table, buffers, strict=True):
            dtype = np.dtype(header.dtype)
            raw = bytes(buffer)
            if math.prod(header.shape) * dtype.itemsize != len(raw):
                raise ValueError(f"{header.name}: {len(raw)} bytes do not make {header.shape}")
            self._bytes += len(raw)
            if self._bytes > self.max_bytes:
                self.over_cap = True
                raise ValueError("the run's evidence is over its cap")
            arrays[header.name] = np.frombuffer(raw, dtype=dtype).reshape(header.shape)
        return arrays

    def _store(self, name: str, array: np.ndarray | None) -> ArrayRef | None:
        if array is None:
            return None
        data = _npy(array)
        (self.folder / f"{name}.npy").write_bytes(data)
        return _reference(f"{name}.npy", data, array)

    def _dispatch(self, envelope: m.Envelope, arrays: dict[str, np.ndarray]) -> StepProgress | None:
        body = envelope.body
        match envelope.kind:
            case "progress":
                sign = m.Progress.model_validate(body)
                return StepProgress(run=sign.run, step=sign.step, total=sign.total)
            case "shim":
                self.shims.append(m.ShimTook.model_validate(body).name)
            case "note":
                self._problem("recorder: " + m.NoteBody.model_validate(body).message)
            case "bound":
                self.bound += m.NamesBound.model_validate(body).names
            case "started":
                self.started = m.Started.model_validate(body)
            case kind:
                self._keep(kind, body, arrays)
        return None

    def _keep(self, kind: str, body: dict[str, object], arrays: dict[str, np.ndarray]) -> None:
        """Turn a message that carries evidence into a record."""
        match kind:
            case "run-open":
                self._run_open(m.RunOpen.model_validate(body), arrays)
            case "run-sample" | "run-image":
                self._run_step(kind, m.RunStep.model_validate(body), arrays)
            case "run-look":
                self._run_look(m.RunLook.model_validate(body), arrays)
            case "run-close":
                self._run_close(m.RunClose.model_validate(body), arrays)
            case "model":
                self._model(m.ModelBody.model_validate(body), arrays)
            case "prediction":
                self._prediction(m.PredictionBody.model_validate(body), arrays)
            case "probe":
                self._probe(m.ProbeBody.model_validate(body), arrays)
            case "left-out":
                self._left_out(m.LeftOutBody.model_validate(body))
            case "leans":
                leaned = m.LeansBody.model_validate(body).names
                known = (Leaning(name=one.name, left_out=one.left_out) for one in leaned)
                self.leans[self.cell_index] = tuple(known)
            case _:
                raise ValueError(f"unknown kind {kind!r}")

    def _left_out(self, body: m.LeftOutBody) -> None:
        told = LeftOut(
            line=body.line,
            code=one_line(body.code),
            reason=body.reason,
            error_name=body.error.name,
            error_message=one_line(body.error.message),
            names=tuple(body.names),
        )
        before = self.left_out.get(self.cell_index, ())
        self.left_out[self.cell_index] = (*before, told)

    def finished(self, run: CellRun) -> CellRun:
        """Return a cell's run with what was left out of it; without an exception it waits."""
        left_out = self.left_out.get(run.cell_index, ())
        told = replace(run, left_out=left_out, leans_on=self.leans.get(run.cell_index, ()))
        ended = [one for one in left_out if one.error_name]
        if run.outcome is not Outcome.PASS or not ended:
            return told
        return replace(
            told,
            outcome=Outcome.NEEDS_HUMAN,
            error_name=ended[0].error_name,
            error_message=ended[0].error_message,
        )

    def _run_open(self, body: m.RunOpen, arrays: dict[str, np.ndarray]) -> None:
        if body.run in self.runs:
            raise ValueError(f"{body.run} was opened before")
        repeated = self.runs.get(body.repeats)
        self.runs[body.run] = AttackRun(
            run_id=body.run,
            cell_index=self.cell_index if repeated is None else repeated.cell_index,
            repeats="" if repeated is None else repeated.run_id,
            function=body.function,
            class_id=body.class_id,
            steps=0,
            settings=None,
            start=self._store(f"{body.run}-start", arrays.get("start")),
            final=None,
            samples=(),
            images=(),
            weights_sha256=body.weights,
            fingerprint=self._store(f"{body.run}-fingerprint", arrays.get("fingerprint")),
            untrained=body.untrained,
        )

    def _run_step(self, kind: str, body: m.RunStep, arrays: dict[str, np.ndarray]) -> None:
        run = self.runs[body.run]
        prefix = f"{body.run}-step{body.step}"
        image = arrays["image"]
        if kind == "run-image":
            reference = self._store(f"{prefix}-trace", image)
            if reference is not None:
                # A step's image takes the place of what was shown to the network at that number.
                images = {**dict(run.images), body.step: reference}
                self.runs[body.run] = replace(run, images=tuple(sorted(images.items())))
            return
        if any(sample.step == body.step for sample in run.samples):
            raise ValueError(f"step {body.step} of {body.run} was recorded before")
        stored = self._store(f"{prefix}-image", image)
        gradient = self._store(f"{prefix}-gradient", arrays["gradient"])
        if stored is not None and gradient is not None:
            sample = GradientSample(step=body.step, image=stored, gradient=gradient)
            self.runs[body.run] = replace(run, samples=(*run.samples, sample))

    def _run_look(self, body: m.RunLook, arrays: dict[str, np.ndarray]) -> None:
        run = self.runs[body.run]
        if any(look.step == body.step for look in run.looks):
            raise ValueError(f"look {body.step} of {body.run} was recorded before")
        prefix = f"{body.run}-look{body.step}"
        image = self._store(f"{prefix}-image", arrays["image"])
        gradient = self._store(f"{prefix}-gradient", arrays["gradient"])
        if image is not None and gradient is not None:
            look = Look(
                step=body.step,
                image=image,
                gradient=gradient,
                layer=body.layer,
                call=body.call,
                own=body.own,
                cotangent=self._store(f"{prefix}-cotangent", arrays.get("cotangent")),
            )
            self.runs[body.run] = replace(run, looks=(*run.looks, look))

    def _run_close(self, body: m.RunClose, arrays: dict[str, np.ndarray]) -> None:
        settings = None
        if body.settings is not None and body.settings.step_size is not None:
            settings = StepSettings(
                step_size=body.settings.step_size,
                eps_l2=body.settings.eps_l2,
                normalised=body.settings.normalised,
                norm=body.settings.norm,
            )
        run = self.runs[body.run]
        if body.weights:
            fingerprint = self._store(f"{body.run}-shown-fingerprint", arrays.get("fingerprint"))
            run = replace(
                run,
                weights_sha256=body.weights,
                fingerprint=fingerprint,
                untrained=body.untrained,
            )
        self.runs[body.run] = replace(
            run,
            steps=body.steps,
            settings=settings,
            final=self._store(f"{body.run}-final", arrays.get("final")),
            seconds=body.seconds,
            error_name=body.error.name if body.error else "",
            error_message=body.error.message if body.error else "",
            looked=body.looks,
            parts=tuple(PartAsked(**part.model_dump()) for part in body.parts),
            shown=self._store(f"{body.run}-shown", arrays.get("shown")),
            training=body.training,
        )

    def _model(self, body: m.ModelBody, arrays: dict[str, np.ndarray]) -> None:
        name = f"model{len(self.models)}-fingerprint"
        self.models.append(
            ModelState(
                cell_index=self.cell_index,
                in_features=body.in_features,
                weights_sha256=body.weights,
                fingerprint=self._store(name, arrays.get("fingerprint")),
                made=self._store(f"model{len(self.models)}-made", arrays.get("made")),
            )
        )

    def _prediction(self, body: m.PredictionBody, arrays: dict[str, np.ndarray]) -> None:
        name = f"prediction{len(self.predictions)}"
        image = self._store(f"{name}-input", arrays["input"])
        logits = self._store(f"{name}-logits", arrays["logits"])
        if image is not None and logits is not None:
            self.predictions.append(
                Prediction(
                    cell_index=self.cell_index,
                    weights_sha256=body.weights,
                    training=body.training,
                    image=image,
                    logits=logits,
                    made=self._store(f"{name}-made", arrays.get("made")),
                )
            )

    def _probe(self, body: m.ProbeBody, arrays: dict[str, np.ndarray]) -> None:
        asked, self.asking = self.asking, None
        if asked is None or body.probe != asked.probe_id:
            self.asking = asked
            raise ValueError(f"a reply to {body.probe}, which was not asked")
        self._replied += 1
        path = f"probe-{body.probe}-{self._replied}.npz"  # an earlier answer may be the better one
        # One file: making the hundreds of arrays of a reply a file each took as long as all else.
        with zipfile.ZipFile(self.folder / path, "w") as archive:

            def put(member: str, array: np.ndarray) -> ArrayRef:
                data = _npy(array)
                archive.writestr(zipfile.ZipInfo(f"{member}.npy"), data)
                return _reference(path, data, array, member)

            self.replies[body.probe] = reply_of(body, arrays, put, sent_by(asked.source))


def _npy(array: np.ndarray) -> bytes:
    memory = io.BytesIO()
    np.save(memory, array, allow_pickle=False)
    return memory.getvalue()


def _reference(path: str, data: bytes, array: np.ndarray, member: str = "") -> ArrayRef:
    return ArrayRef(
        path=path,
        member=member,
        sha256=hashlib.sha256(data).hexdigest(),
        dtype=array.dtype.name,
        shape=array.shape,
    )
