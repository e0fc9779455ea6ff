from pathlib import Path

import pytest

from grader.model.records import Alignment, Cell, ProbeSpec, RunCell, RunPlan, RunProbe
from grader.planning.plan import RunOptions, plan_run
from reference.bundles import Bundle
from tests import factories

FORWARD = ProbeSpec(probe_id="forward", needs=("f",), source="")
BOTH = ProbeSpec(probe_id="both", needs=("f", "g"), source="")
ALONE = ProbeSpec(probe_id="alone", needs=("g",), source="", makeshift_for="both")


def planned(*sources: str, device: str = "cpu", divisor: int = 1, exact: bool = False) -> RunPlan:
    cells = tuple(
        Cell(index=i, cell_id="", kind="code", source=s, execution_count=None, stored_outputs=0)
        for i, s in enumerate(sources)
    )
    return plan_run(
        factories.submission(cells=cells),
        Alignment(matches=(), missing=(), answers=()),
        (FORWARD, BOTH, ALONE),
        Bundle(name="b", root=Path("/b"), in_features=2048, width_divisor=divisor),
        RunOptions(device=device, seed=1, nonce="n", exact=exact),
    )


def shape(plan: RunPlan) -> list[str]:
    names = []
    for step in plan.steps:
        match step:
            case RunCell(cell_index=index):
                names.append(str(index))
            case RunProbe(probe=probe):
                names.append(probe.probe_id)
    return names


CASES = {
    "behind the cell that binds": (("f = 1", "x = 1"), ["0", "forward", "1"]),
    "behind the last binding": (("f = 1", "f = 2"), ["0", "1", "forward"]),
    "behind the last of all names": (("f = 1", "g = 2"), ["0", "forward", "1", "both"]),
    "the run may end before the last": (("g = 2", "f = 1"), ["0", "alone", "1", "forward", "both"]),
    "order of the probes": (("f = 1\ng = 2",), ["0", "forward", "both"]),
    "a name that is missing": (("g = 1",), ["0", "alone"]),
    "empty cells are not run": (("f = 1", "  \n"), ["0", "forward"]),
}


@pytest.mark.parametrize(("sources", "steps"), CASES.values(), ids=CASES)
def test_steps(sources: tuple[str, ...], steps: list[str]) -> None:
    assert shape(planned(*sources)) == steps


def test_probes_without_a_place_wait_for_what_the_kernel_finds() -> None:
    assert planned("f = 1").unplaced == (BOTH, ALONE)


@pytest.mark.parametrize(
    ("device", "divisor", "names"),
    [
        ("cuda", 1, set()),
        ("cpu", 1, {"cuda-to-cpu", "fast-resnet"}),
        ("cpu", 8, {"cuda-to-cpu", "narrow-resnet"}),
    ],
)
def test_shims_follow_device_and_bundle(device: str, divisor: int, names: set[str]) -> None:
    plan = planned("f = 1", device=device, divisor=divisor)
    always = {
        "colab",
        "paths",
        "kept-files",
        "weights",
        "old-names",
        "no-compiler",
        "load-old-checkpoints",
    }
    assert {shim.name for shim in plan.shims} == always | names
    assert all(shim.why for shim in plan.shims)


def test_an_exact_run_has_torchvisions_own_network() -> None:
    plan = planned("f = 1", device="cpu", divisor=1, exact=True)
    assert "fast-resnet" not in {shim.name for shim in plan.shims}
