"""From the kernel's messages to evidence records, `.npy` and `.npz` files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from grader.execution import messages as m
from grader.execution.array_files import ArrayFiles
from grader.execution.message_arrays import checked, decoded
from grader.execution.probe_replies import reply_of
from grader.execution.statements import Statements
from grader.kernel.bounds import (
    EXACT_IMAGES,
    GRADIENT_STEPS,
    LOOK_STEPS,
    MAX_MODELS,
    MAX_PLOTTED,
    MAX_PREDICTIONS,
    MAX_RUNS,
    ROUGH_IMAGES,
)
from grader.kernel.channel import MIME
from grader.model.records import (
    AttackRun,
    GradientSample,
    Look,
    ModelState,
    PartAsked,
    Plotted,
    Prediction,
    ProbeReply,
    ProbeSpec,
    StepSettings,
)
from grader.model.text import one_line
from grader.planning.probes.questions import sent_by

Body = TypeVar("Body", bound=BaseModel)

MOST_SHIMS = 64
"""Shims that take effect."""
MOST_BOUND = 1000
"""Names that a cell binds anew."""
MOST_PROBLEMS = 50
"""Dropped messages that staff are told of."""
REFUSED = 4
"""Times the bytes that a run may have kept: what it may send in vain before it is stopped."""
_ALONG_THE_WAY = frozenset({"run-sample", "run-image", "run-look"})
"""Kinds that are dropped where half of the run's bytes are used: a run is known without them."""
_STEPS = {
    "run-sample": GRADIENT_STEPS,
    "run-image": frozenset({*EXACT_IMAGES, *ROUGH_IMAGES}),
    "run-look": LOOK_STEPS,
}
"""What is recorded of a run, by kind; each once."""


class _NoRoom(ValueError):
    """An honest message that is not kept."""


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
    """Whether one of the two was reached, by what is kept or by what is refused; what came after
    was dropped."""
    cell_index: int = -1
    """The cell under way."""
    asking: ProbeSpec | None = None
    """The probe under way; a reply to any other is dropped.

    What the function was given is read off it, not off the reply.
    """
    runs: dict[str, AttackRun] = field(default_factory=dict)
    models: list[ModelState] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    plotted: list[Plotted] = field(default_factory=list)
    replies: dict[str, ProbeReply] = field(default_factory=dict)
    shims: set[str] = field(default_factory=set)
    statements: Statements = field(default_factory=Statements)
    bound: list[str] = field(default_factory=list)
    """Names that were bound anew since `take_bound`."""
    problems: list[str] = field(default_factory=list)
    started: m.Started | None = None
    _files: ArrayFiles = field(init=False)
    _closed: set[str] = field(default_factory=set)
    _told: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """Kind, run and step of what was recorded on the way, and how often."""
    _bytes: int = 0
    _refused: int = 0
    """Bytes of the messages that were not kept: reading them is work too."""
    _messages: int = 0
    _replied: int = 0

    def __post_init__(self) -> None:
        self._files = ArrayFiles(folder=self.folder)

    def feed(self, content: Any, buffers: list[Any]) -> StepProgress | None:
        """Take one message; return a sign of life if it is one.

        A message that does not fit the schema, or tells more than a run may, is dropped and noted,
        never half used.

        Raises:
            OSError: an array cannot be written; nobody's notebook is at fault.
        """
        self._messages += 1
        if self._messages > self.max_messages:
            self.over_cap = True
            return None
        try:
            envelope = m.Envelope.model_validate(content["data"][MIME])
            if envelope.nonce != self.nonce:
                raise ValueError("the message does not carry this run's nonce")
            arrays = self._arrays(envelope, buffers)
            return self._dispatch(envelope, arrays)
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            if not isinstance(error, _NoRoom):
                self._refused += sum(len(one) for one in buffers)
            self.over_cap = self.over_cap or self._refused > REFUSED * self.max_bytes
            self.problem(f"message dropped: {type(error).__name__}: {error}")
            return None

    def take_bound(self) -> tuple[str, ...]:
        """Return the names that were bound anew, once."""
        bound, self.bound = tuple(self.bound), []
        return bound

    def problem(self, text: str) -> None:
        """Tell staff of something that was dropped: once, on one line, and not too many."""
        told = one_line(text[:2000])[:400]
        if len(self.problems) < MOST_PROBLEMS and told not in self.problems:
            self.problems.append(told)

    def _arrays(self, envelope: m.Envelope, buffers: list[Any]) -> dict[str, np.ndarray]:
        """Decode the arrays of a message, if it may have them and there is room for them."""
        size = checked(envelope.kind, envelope.arrays, buffers)
        if size and envelope.kind in _ALONG_THE_WAY:
            if self._bytes + size > self.max_bytes // 2:
                run = str(envelope.body.get("run", ""))[:20]
                raise _NoRoom(f"{run}: pictures along the way are not kept any more")
        elif self._bytes + size > self.max_bytes:
            self.over_cap = True
            raise ValueError("the run's evidence is over its cap")
        self._bytes += size
        return decoded(envelope.arrays, buffers)

    def _dispatch(self, envelope: m.Envelope, arrays: dict[str, np.ndarray]) -> StepProgress | None:
        body = envelope.body
        match envelope.kind:
            case "progress":
                sign = m.Progress.model_validate(body)
                return StepProgress(run=sign.run, step=sign.step, total=sign.total)
            case "shim":
                self._shim(m.ShimTook.model_validate(body))
            case "note":
                self.problem("recorder: " + m.NoteBody.model_validate(body).message)
            case "plotted":
                m.PlottedBody.model_validate(body)
                self._plotted(arrays["values"])
            case "bound":
                self._bind(m.NamesBound.model_validate(body))
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
                self.statements.leave_out(self.cell_index, m.LeftOutBody.model_validate(body))
            case "leans":
                self.statements.lean(self.cell_index, m.LeansBody.model_validate(body))
            case _:
                raise ValueError(f"unknown kind {kind!r}")

    def _shim(self, body: m.ShimTook) -> None:
        if len(self.shims) >= MOST_SHIMS:
            raise ValueError("more shims than there are")
        self.shims.add(body.name)

    def _bind(self, body: m.NamesBound) -> None:
        if len(self.bound) + len(body.names) > MOST_BOUND:
            raise ValueError("more names are bound than are asked for")
        self.bound += body.names

    def _run_open(self, body: m.RunOpen, arrays: dict[str, np.ndarray]) -> None:
        if body.run in self.runs:
            raise ValueError(f"{body.run} was opened before")
        if len(self.runs) >= MAX_RUNS:
            raise ValueError(f"more than {MAX_RUNS} runs")
        repeated = self.runs.get(body.repeats)
        self.runs[body.run] = AttackRun(
            run_id=body.run,
            cell_index=self.cell_index if repeated is None else repeated.cell_index,
            repeats="" if repeated is None else repeated.run_id,
            function=body.function,
            class_id=body.class_id,
            steps=0,
            settings=None,
            start=self._files.keep(f"{body.run}-start", arrays.get("start")),
            final=None,
            samples=(),
            images=(),
            weights_sha256=body.weights,
            fingerprint=self._files.keep(f"{body.run}-fingerprint", arrays.get("fingerprint")),
            untrained=body.untrained,
        )

    def _under_way(self, name: str) -> AttackRun:
        if name not in self.runs or name in self._closed:
            raise ValueError(f"{name} is not under way")
        return self.runs[name]

    def _on_the_way(self, kind: str, body: m.RunStep | m.RunLook) -> AttackRun:
        """The run that a step or look belongs to; few of them are told, and most of them once."""
        run, told = self._under_way(body.run), (kind, body.run, body.step)
        most = 2 if kind == "run-image" else 1  # what the network was shown, then where it stepped
        if body.step not in _STEPS[kind]:
            raise ValueError(f"{kind} {body.step} of {body.run} is not one that is recorded")
        if self._told[told] == most:
            raise ValueError(f"{kind} {body.step} of {body.run} was recorded before")
        self._told[told] += 1
        return run

    def _run_step(self, kind: str, body: m.RunStep, arrays: dict[str, np.ndarray]) -> None:
        run = self._on_the_way(kind, body)
        prefix = f"{body.run}-step{body.step}"
        image = arrays["image"]
        if kind == "run-image":
            told = self._told[kind, body.run, body.step]
            reference = self._files.keep(f"{prefix}-trace{told}", image)
            if reference is not None:
                # A step's image takes the place of what was shown to the network at that number.
                images = {**dict(run.images), body.step: reference}
                self.runs[body.run] = replace(run, images=tuple(sorted(images.items())))
            return
        stored = self._files.keep(f"{prefix}-image", image)
        gradient = self._files.keep(f"{prefix}-gradient", arrays["gradient"])
        if stored is not None and gradient is not None:
            sample = GradientSample(step=body.step, image=stored, gradient=gradient)
            self.runs[body.run] = replace(run, samples=(*run.samples, sample))

    def _run_look(self, body: m.RunLook, arrays: dict[str, np.ndarray]) -> None:
        run = self._on_the_way("run-look", body)
        prefix = f"{body.run}-look{body.step}"
        image = self._files.keep(f"{prefix}-image", arrays["image"])
        gradient = self._files.keep(f"{prefix}-gradient", arrays["gradient"])
        if image is not None and gradient is not None:
            look = Look(
                step=body.step,
                image=image,
                gradient=gradient,
                layer=body.layer,
                call=body.call,
                own=body.own,
                cotangent=self._files.keep(f"{prefix}-cotangent", arrays.get("cotangent")),
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
        run = self._under_way(body.run)
        self._closed.add(body.run)
        if body.weights:
            fingerprint = self._files.keep(
                f"{body.run}-shown-fingerprint", arrays.get("fingerprint")
            )
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
            final=self._files.keep(f"{body.run}-final", arrays.get("final")),
            seconds=body.seconds,
            error_name=body.error.name if body.error else "",
            error_message=body.error.message if body.error else "",
            looked=body.looks,
            parts=tuple(PartAsked(**part.model_dump()) for part in body.parts),
            shown=self._files.keep(f"{body.run}-shown", arrays.get("shown")),
            training=body.training,
            carried=body.carried,
            reduced=body.reduced,
        )

    def _model(self, body: m.ModelBody, arrays: dict[str, np.ndarray]) -> None:
        if len(self.models) >= MAX_MODELS:
            raise ValueError(f"more than {MAX_MODELS} looks at the network")
        name = f"model{len(self.models)}-fingerprint"
        self.models.append(
            ModelState(
                cell_index=self.cell_index,
                in_features=body.in_features,
                weights_sha256=body.weights,
                fingerprint=self._files.keep(name, arrays.get("fingerprint")),
                made=self._files.keep(f"model{len(self.models)}-made", arrays.get("made")),
            )
        )

    def _prediction(self, body: m.PredictionBody, arrays: dict[str, np.ndarray]) -> None:
        if len(self.predictions) >= MAX_PREDICTIONS:
            raise ValueError(f"more than {MAX_PREDICTIONS} predictions")
        name = f"prediction{len(self.predictions)}"
        image = self._files.keep(f"{name}-input", arrays["input"])
        logits = self._files.keep(f"{name}-logits", arrays["logits"])
        if image is not None and logits is not None:
            self.predictions.append(
                Prediction(
                    cell_index=self.cell_index,
                    weights_sha256=body.weights,
                    training=body.training,
                    image=image,
                    logits=logits,
                    made=self._files.keep(f"{name}-made", arrays.get("made")),
                )
            )

    def _plotted(self, values: np.ndarray) -> None:
        if len(self.plotted) >= MAX_PLOTTED:
            raise ValueError(f"more than {MAX_PLOTTED} plots")
        stored = self._files.keep(f"plotted{len(self.plotted)}", values)
        if stored is not None:
            self.plotted.append(Plotted(cell_index=self.cell_index, values=stored))

    def _probe(self, body: m.ProbeBody, arrays: dict[str, np.ndarray]) -> None:
        asked, self.asking = self.asking, None
        if asked is None or body.probe != asked.probe_id:
            self.asking = asked
            raise ValueError(f"a reply to {body.probe}, which was not asked")
        self._replied += 1
        name = f"probe-{body.probe}-{self._replied}"  # an earlier answer may be the better one
        used = [output.name for call in body.calls for output in call.outputs]
        if len(set(used)) < len(used):
            raise ValueError("one array is the result of several calls")
        with self._files.archive(name) as put:
            self.replies[body.probe] = reply_of(body, arrays, put, sent_by(asked.source))
