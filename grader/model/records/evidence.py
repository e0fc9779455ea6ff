"""What was seen while the notebook ran. Numbers only: verdicts are made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from grader.model.records.outcome import Outcome
from grader.model.records.plan import Shim
from grader.model.records.submission import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayRef:
    """An array in the evidence folder: a `.npy` file, or one of those in a `.npz`; no pickle."""

    path: str
    """File name below the evidence folder."""
    member: str = ""
    """Name of the array within the `.npz`; empty where the file is a `.npy`."""
    sha256: str
    """Digest of the `.npy`, be it a file or a member, hexadecimal."""
    dtype: str
    """numpy's name of the dtype."""
    shape: tuple[int, ...]
    """Shape; () for a scalar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A statement that ended for a reason of the machine: the run went on with the next one.

    Where the reason is `weights` or an absent picture it did not end, but got something else.
    """

    line: int
    """Its line in the cell, from 1."""
    code: str
    """Its first line, as the student wrote it."""
    reason: str
    """`module`, `magic`, `file`, `network`, `device`, `input`, `command`; `machine` for a version,
    a variable of the environment or a limit, `weights` for those of another checkpoint than the
    course's, `follows` for what another one that was left out would have given, `differs`
    where the cell ended well as handed in."""
    error_name: str
    """Class of the exception; empty where it raised none."""
    error_message: str
    """Text of the exception, or what it got instead; one line."""
    names: tuple[str, ...] = ()
    """Names that it would have bound or changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """A name that a cell read although a statement that was left out would have given its value."""

    name: str
    """The name."""
    left_out: int
    """The statement, counted from 0 over all of the run in order."""


BUSY_MACHINE = "BusyMachine"
"""Name of the error of a cell that reached its time limit while others had the CPUs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun:
    """One cell after its run."""

    cell_index: int
    """Position in the submission's notebook."""
    outcome: Outcome
    """PASS where it ended without an exception; NEEDS_HUMAN where all that went wrong are
    statements that were left out, which is never the student's fault."""
    seconds: float
    """Wall-clock seconds."""
    error_name: str = ""
    """Class of the exception, such as `NameError`."""
    error_message: str = ""
    """Text of the exception, one line."""
    left_out: tuple[LeftOut, ...] = ()
    """Statements that ended for a reason of the machine, in order."""
    leans_on: tuple[Leaning, ...] = ()
    """Names that it read and that lack their value for such a statement, here or before."""
    said: str = ""
    """What it printed and showed as text; empty where that is too long to be a statement."""

    @property
    def machine_was_busy(self) -> bool:
        """Whether it reached its time limit while others had the CPUs; no exception says so."""
        return self.outcome is Outcome.TIMEOUT and self.error_name == BUSY_MACHINE


UNREADABLE = "Unreadable"
"""Name of the error of a result that is no array of numbers; its message says what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeValue:
    """One value in a probe's reply: an array, or the error that stood in its place."""

    name: str
    """Key within the reply, such as `case0/forward`."""
    array: ArrayRef | None
    """The array; None where the call failed."""
    kind: str
    """Type that the student's function returned, such as `torch.float32`."""
    changed_arguments: tuple[int, ...] = ()
    """Places of the arguments that the call changed."""
    error_name: str = ""
    """Class of the exception the call raised."""
    error_message: str = ""
    """Text of the exception, one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReply:
    """What came back for one probe."""

    probe_id: str
    """Which probe."""
    outcome: Outcome
    """PASS where a well-formed reply came back (says nothing about its values)."""
    values: tuple[ProbeValue, ...]
    """Named values, in order."""
    message: str = ""
    """Why there is no well-formed reply, one sentence."""
    used: tuple[str, ...] = ()
    """Library functions, of those that the assignment lists, that the student's function called."""
    seconds: float = 0.0
    """Wall-clock seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettings:
    """Settings of the `StepImage` in use, as the recorder read them. A claim, not a proof."""

    step_size: float
    """Length factor of a step."""
    eps_l2: float | None
    """Radius of the l2 ball; None where `renorm` is false."""
    normalised: bool
    """Whether x lives in ImageNet-normalised space."""
    norm: str
    """`l2` or `abs`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientSample:
    """Input, update direction and result of one recorded step."""

    step: int
    """Number of the step within its run, from 0."""
    image: ArrayRef
    """x before the step, (1, 3, H, W)."""
    gradient: ArrayRef
    """What was passed to the step as the direction, (1, 3, H, W)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An image that a network was shown during a run, and what the notebook's loss asked of it."""

    step: int
    """Number of the look within its run, from 0; only those that a gradient came back to count."""
    image: ArrayRef
    """What entered the network, (N, 3, H, W)."""
    gradient: ArrayRef
    """Of the loss with respect to it, scaled to a greatest value of 1."""
    layer: str
    """Module of whose output the loss was taken, by torchvision's name; empty where not known."""
    call: int
    """Which call of that module, from 1: a block has one ReLU for three places."""
    own: bool
    """Whether the notebook's own image entered the network, not something made of it."""
    cotangent: ArrayRef | None
    """Gradient of the loss with respect to that output, scaled likewise; None where not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartAsked:
    """What the loss was taken of, in some of the looks of a run."""

    layer: str
    """As in `Look`."""
    call: int
    """As in `Look`."""
    channel: int
    """The only channel that the loss depends on; -1 for several."""
    place: int
    """The only place of that channel, counted row by row; -1 for several."""
    times: int
    """In how many looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackRun:
    """One optimisation of an input: a call of the attack function, or an inline loop of steps."""

    run_id: str
    """Such as `run3`; in order of time."""
    cell_index: int
    """The cell during which it ran."""
    function: str
    """`generate_adversarial_example`, or empty for an inline loop."""
    class_id: int | None
    """Target passed to the function; None for an inline loop."""
    steps: int
    """Number of steps seen; 0 where the loop does not use `StepImage`."""
    settings: StepSettings | None
    """Of the step in use; None where none was seen."""
    start: ArrayRef | None
    """x at the start, (1, 3, H, W)."""
    final: ArrayRef | None
    """x at the end, (1, 3, H, W)."""
    samples: tuple[GradientSample, ...]
    """Some of the steps."""
    images: tuple[tuple[int, ArrayRef], ...]
    """(step, x before it) along the way: what the trace is recomputed from."""
    weights_sha256: str
    """Digest of the tensors of the network in use; empty where it could not be told."""
    fingerprint: ArrayRef | None
    """Logits of the network in use on the hidden probe image, (1, 1000)."""
    seconds: float = 0.0
    """Wall-clock seconds of the run."""
    error_name: str = ""
    """Class of the exception that ended it, such as `NotImplementedError`; empty for none."""
    error_message: str = ""
    """Text of that exception."""
    looks: tuple[Look, ...] = ()
    """Some of the images that the network was shown, with what the loss asked of them."""
    looked: int = 0
    """Number of such images."""
    parts: tuple[PartAsked, ...] = ()
    """What the loss was taken of, over all of them."""
    shown: ArrayRef | None = None
    """The last of them, (N, 3, H, W)."""
    training: bool = False
    """Whether the network was in training mode."""
    untrained: bool = False
    """Whether every batch normalization of the network was as it was made."""
    carried: int = 0
    """Looks at which the gradient was added to that of an earlier step."""
    reduced: bool = False
    """Whether the GPU computed in less than float32's precision: TF32, or half precision."""
    repeats: str = ""
    """The run whose call the grader repeated with another target; empty for the notebook's own."""

    @property
    def error(self) -> str:
        """The exception that ended it, in words; empty for none."""
        return f"{self.error_name}: {self.error_message}" if self.error_name else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """A look at the notebook's networks after a cell: what `model` was then."""

    cell_index: int
    """The cell after which it was taken."""
    in_features: int | None
    """`model.fc.in_features`; None where there is no such attribute."""
    weights_sha256: str
    """Digest of the tensors."""
    fingerprint: ArrayRef | None
    """Logits on the hidden probe image, (1, 1000)."""
    made: ArrayRef | None = None
    """Of an untrained network: the state of torch's generator when it was made, from which its
    weights follow; None where it was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One call of `model` outside an attack: what went in and what came out."""

    cell_index: int
    """The cell during which it was called."""
    weights_sha256: str
    """Digest of the network's tensors at that time."""
    training: bool
    """Whether the network was in training mode."""
    image: ArrayRef
    """Input, (n, 3, H, W)."""
    logits: ArrayRef
    """Output, (n, 1000)."""
    made: ArrayRef | None = None
    """As in `ModelState`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plotted:
    """One call of `plot_top_classes`: what the notebook shows as the values of the classes."""

    cell_index: int
    """The cell during which it was called."""
    values: ArrayRef
    """Logits or probabilities, (1, n)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A name that a probe asks for, as the kernel found it bound to something callable."""

    name: str
    """The name."""
    cell_index: int
    """The cell that bound it last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """Where and with what the run took place."""

    device: str
    """`cpu` or the name of the GPU."""
    isolation: str
    """Tier that was in force."""
    versions: tuple[tuple[str, str], ...]
    """(package, version) of python, torch, torchvision, numpy, nbclient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that one run left behind."""

    cells: tuple[CellRun, ...]
    """One per code cell that was started."""
    replies: tuple[ProbeReply, ...]
    """One per probe that was asked."""
    bindings: tuple[Binding, ...]
    """Names that probes ask for and the notebook bound, by whatever means."""
    runs: tuple[AttackRun, ...]
    """Optimisations of an input, in order of time."""
    models: tuple[ModelState, ...]
    """Changes of `model`, in order of time."""
    predictions: tuple[Prediction, ...]
    """Calls of `model` outside an attack, in order of time."""
    plotted: tuple[Plotted, ...] = ()
    """Calls of `plot_top_classes`, in order of time."""
    shims: tuple[Shim, ...]
    """Shims that took effect."""
    served: tuple[str, ...]
    """URLs that were asked for and served from the bundle."""
    missed: tuple[str, ...]
    """URLs that were asked for and are not in the bundle."""
    notes: tuple[Note, ...]
    """What else staff should know."""
    host: HostFacts
    """Where the run took place."""
    seconds: float
    """Wall-clock seconds of the whole run."""
    seed: int
    """Seed of the hidden inputs."""


def nothing_seen(host: HostFacts, seed: int) -> Evidence:
    """Return the evidence of a run in which no cell ran."""
    return Evidence(
        cells=(),
        replies=(),
        bindings=(),
        runs=(),
        models=(),
        predictions=(),
        shims=(),
        served=(),
        missed=(),
        notes=(),
        host=host,
        seconds=0.0,
        seed=seed,
    )
