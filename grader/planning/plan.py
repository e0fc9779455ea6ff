"""The plan: cells and probes interleaved, the shims of this bundle and device, limits, seed."""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.model.assignment import Assignment
from grader.model.notebook_code import names_bound
from grader.model.records import (
    Alignment,
    Limits,
    PlanStep,
    ProbeSpec,
    RepeatAttack,
    RunCell,
    RunPlan,
    RunProbe,
    Shim,
    Submission,
)
from reference.bundles import Bundle

CUDA_TO_CPU = Shim(
    name="cuda-to-cpu",
    why="The notebook asks for CUDA; this machine has none, so `cuda` is read as `cpu`.",
)
LOAD_OLD_CHECKPOINTS = Shim(
    name="load-old-checkpoints",
    why="The robust checkpoint holds objects of classes that are not installed; only its tensors "
    "are read.",
)
COLAB = Shim(
    name="colab",
    why="The notebook uses something of Colab's; mounting, uploads and downloads do nothing here.",
)
PATHS = Shim(
    name="paths",
    why="The notebook names a file by where it lies on another machine, such as a Drive; the file "
    "of that name beside the notebook is taken.",
)
WEIGHTS = Shim(
    name="weights",
    why="The notebook asks for pretrained weights by another way or version than the course's; it "
    "gets the course's ResNet-50.",
)
OLD_NAMES = Shim(
    name="old-names",
    why="The notebook uses names that numpy or Pillow once had, such as `np.int`; they mean "
    "what they meant.",
)
NARROW_RESNET = Shim(
    name="narrow-resnet",
    why="The preview bundle holds networks of an eighth of the width; `resnet50()` builds those.",
)
FAST_RESNET = Shim(
    name="fast-resnet",
    why="ResNet-50 in evaluation mode is computed faster, with batch normalization folded into the "
    "convolutions; numbers differ in their last digits (`--exact` turns it off).",
)
KEPT_FILES = Shim(
    name="kept-files",
    why="The notebook emptied one of the course's files or took it away, as by a download that was "
    "refused; when it was to be read, it was there again.",
)
NO_COMPILER = Shim(
    name="no-compiler",
    why="The notebook has code compiled by `torch.compile`; it runs as it is written, which "
    "computes the same.",
)
FEW_STEPS = Shim(
    name="few-steps",
    why="A quick check was asked for: long loops with a progress bar make a few rounds.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the caller chooses for one run."""

    device: str
    """`cpu` or `cuda`."""
    seed: int
    """Of hidden inputs and generators."""
    nonce: str
    """Fresh per run."""
    limits: Limits = field(default_factory=Limits)
    """Bounds."""
    only: frozenset[int] | None = None
    """Positions of the cells that run; None for all."""
    quick: bool = False
    """Whether long loops make a few rounds only."""
    exact: bool = False
    """Whether networks are computed by torchvision's own code."""


def plan_run(
    submission: Submission,
    alignment: Alignment,
    probes: tuple[ProbeSpec, ...],
    bundle: Bundle,
    options: RunOptions,
    repeats: tuple[RepeatAttack, ...] = (),
) -> RunPlan:
    """Put each probe right behind the cell that last binds one of the names it needs.

    Attacks whose target may have been overwritten are repeated at the end.
    """
    parts = {match.cell_index: match.part_id for match in alignment.matches}
    code = [
        cell
        for cell in submission.cells
        if cell.kind == "code"
        and cell.source.strip()
        and (options.only is None or cell.index in options.only)
    ]
    last_bound: dict[str, int] = {}
    for cell in code:
        for name in names_bound(cell.code):
            last_bound[name] = cell.index
    places = {
        probe.probe_id: max(last_bound[name] for name in probe.needs)
        for probe in probes
        if all(name in last_bound for name in probe.needs)
    }
    asked = [
        probe
        for probe in probes
        if probe.probe_id in places and places[probe.probe_id] != places.get(probe.makeshift_for)
    ]
    steps: list[PlanStep] = []
    for cell in code:
        steps.append(RunCell(cell_index=cell.index, part_id=parts.get(cell.index, "")))
        steps += [RunProbe(probe=p) for p in asked if places[p.probe_id] == cell.index]
    return RunPlan(
        steps=(*steps, *(repeats if steps else ())),
        unplaced=tuple(probe for probe in probes if probe not in asked),
        shims=(*_shims(bundle, options), *((FEW_STEPS,) if options.quick else ())),
        limits=options.limits,
        seed=options.seed,
        device=options.device,
        bundle=bundle.name,
        nonce=options.nonce,
    )


def repeats_of(assignment: Assignment) -> tuple[RepeatAttack, ...]:
    """Return the attacks that are to be repeated where their target was overwritten."""
    return tuple(
        RepeatAttack(class_id=e.target, normalised=e.space == "normalised")
        for e in assignment.experiments
        if e.repeat_if_overwritten and e.target is not None
    )


def _shims(bundle: Bundle, options: RunOptions) -> tuple[Shim, ...]:
    shims = [COLAB, PATHS, KEPT_FILES, WEIGHTS, OLD_NAMES, NO_COMPILER, LOAD_OLD_CHECKPOINTS]
    if options.device == "cpu":
        shims.append(CUDA_TO_CPU)
    if bundle.width_divisor > 1:
        shims.append(NARROW_RESNET)
    elif options.device == "cpu" and not options.exact:  # on a GPU nothing was measured
        shims.append(FAST_RESNET)
    return tuple(shims)
