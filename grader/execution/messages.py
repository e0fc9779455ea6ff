"""The schema of what the kernel may say. Anything else is dropped and noted for staff."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from grader.kernel.bounds import GREATEST_NUMBER, MOST_PARTS
from grader.model.text import one_line

RunName = Annotated[str, Field(pattern=r"^run[0-9]{1,4}$")]
Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
Short = Annotated[str, Field(max_length=600)]
Words = Annotated[Short, AfterValidator(one_line)]
"""What people read: on one line, without control characters."""
Name = Annotated[str, Field(max_length=200), AfterValidator(one_line)]
Count = Annotated[int, Field(ge=0, le=GREATEST_NUMBER)]
Number = Annotated[int, Field(ge=-GREATEST_NUMBER, le=GREATEST_NUMBER)]
Real = Annotated[float, Field(ge=-GREATEST_NUMBER, le=GREATEST_NUMBER, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=GREATEST_NUMBER, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ArrayHeader(_Strict):
    """One array of a message: its bytes are the buffer at the same place."""

    name: Short
    dtype: Annotated[str, Field(pattern=r"^(float16|float32|float64|u?int(8|16|32|64)|bool)$")]
    shape: Annotated[list[Annotated[int, Field(ge=0, le=2**31)]], Field(max_length=6)]


class Envelope(_Strict):
    """Every message of ours."""

    nonce: Short
    kind: Annotated[str, Field(max_length=32)]
    body: dict[str, object]
    arrays: Annotated[list[ArrayHeader], Field(max_length=4096)]


class Started(_Strict):
    """The kernel is ready."""

    device: Words
    python: Words
    torch: Words
    torchvision: Words
    numpy: Words


class ShimTook(_Strict):
    """A shim took effect."""

    name: Short


class NoteBody(_Strict):
    """A recorder failed; the notebook went on."""

    message: Words


class ModelBody(_Strict):
    """`model` is another network than before."""

    weights: Digest
    in_features: Count | None
    untrained: bool = False


class PredictionBody(_Strict):
    """`model` was called outside an attack."""

    weights: Digest
    training: bool


class PlottedBody(_Strict):
    """`plot_top_classes` was called: its values are all that there is to say."""


class Settings(_Strict):
    """Constructor arguments of a `StepImage`."""

    step_size: Real | None
    eps_l2: Real | None
    normalised: bool
    norm: Annotated[str, Field(pattern=r"^(l2|abs)$")]


class RunOpen(_Strict):
    """An optimisation of the input begins."""

    run: RunName
    function: Annotated[str, Field(pattern=r"^(generate_adversarial_example)?$")]
    class_id: Number | None
    weights: Digest
    in_features: Count | None
    untrained: bool = False
    repeats: Annotated[str, Field(pattern=r"^(run[0-9]{1,4})?$")] = ""


class RunStep(_Strict):
    """A recorded step."""

    run: RunName
    step: Count


Layer = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{0,100}$")]
Place = Annotated[int, Field(ge=-1, le=10_000_000)]


class RunLook(_Strict):
    """An image that a network was shown, and what a loss asked of it."""

    run: RunName
    step: Count
    layer: Layer
    call: Count
    own: bool


class Progress(_Strict):
    """A sign of life."""

    run: RunName
    step: Count
    total: Count | None


class CallError(_Strict):
    """The student's function raised."""

    name: Words
    message: Words


class PartBody(_Strict):
    """What a loss was taken of."""

    layer: Layer
    call: Count
    channel: Place
    place: Place
    times: Count


class RunClose(_Strict):
    """An optimisation ends."""

    run: RunName
    steps: Count
    seconds: Seconds
    error: CallError | None
    settings: Settings | None
    looks: Count = 0
    carried: Count = 0
    reduced: bool = False
    parts: Annotated[list[PartBody], Field(max_length=MOST_PARTS)] = []
    training: bool = False
    weights: Digest = ""
    untrained: bool = False


class LeftOutBody(_Strict):
    """A statement ended for a reason of the machine, and the cell went on."""

    line: Count
    code: Words
    reason: Annotated[
        str,
        Field(
            pattern=r"^(module|magic|file|network|device|machine|input|command|weights|follows|differs)$"
        ),
    ]
    error: CallError
    names: Annotated[list[Name], Field(max_length=256)]


class Leaned(_Strict):
    """A name that a cell read, which lacks its value."""

    name: Name
    left_out: Count


class LeansBody(_Strict):
    """All of them of a cell."""

    names: Annotated[list[Leaned], Field(max_length=256)]


class Output(_Strict):
    """One returned value."""

    name: Short
    kind: Annotated[Words, Field(max_length=200)]
    unreadable: Annotated[Words, Field(max_length=300)] = ""


class CallFact(_Strict):
    """One call of a probe."""

    key: Annotated[str, Field(max_length=200)]
    outputs: Annotated[list[Output], Field(max_length=8)]
    error: CallError | None
    form: Short = ""


class NamesBound(_Strict):
    """Names that probes ask for are bound anew."""

    names: Annotated[list[Name], Field(max_length=64)]


class ProbeBody(_Strict):
    """A probe's reply."""

    probe: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    calls: Annotated[list[CallFact], Field(max_length=4096)]
    used: Annotated[list[Name], Field(max_length=64)] = []
