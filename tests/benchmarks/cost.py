"""What 1,000 and 100,000 hand-ins take, reckoned from what the benchmarks measured.

    python -m tests.benchmarks.cost [--core-hour 0.04] [--gpu-hour 4] [--gpu-step-ms 10]

Prices, and the time of a step on a GPU, are assumed: say yours. See `docs/scale.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.record import Row, numbers_of, save

STEPS = 200
RUNS = 7
"""Optimizations of the sample `complete`: 4(a), 4(b), two of 4(d), 4(e), two of 4(f)."""
CLASSES = (1_000, 100_000)
CORES = 64
"""Of a cluster that days are reckoned for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A way to grade a kind of hand-in."""

    name: str
    core_seconds: float
    """Of CPU cores, for each."""
    gpu_seconds: float = 0.0
    """Of a GPU, for each."""


def kinds(gpu_step_ms: float) -> tuple[Kind, ...]:
    """Return the kinds, by what was measured."""
    batch, profile = numbers_of("batch"), numbers_of("profile")
    gpu_seconds = RUNS * STEPS * gpu_step_ms / 1e3
    rest = profile["cores"] * (profile["seconds"] - profile["cells"])
    return (
        Kind(name="layers", core_seconds=batch["cores"] * batch["with pdf"]),
        Kind(name="complete, CPU", core_seconds=profile["cores"] * profile["seconds"]),
        # One core feeds the GPU while it works.
        Kind(name="complete, H200", core_seconds=rest + gpu_seconds, gpu_seconds=gpu_seconds),
    )


def table(found: Sequence[Kind], core_hour: float, gpu_hour: float) -> str:
    """Return seconds, hours, money and days of each kind as text."""
    lines = [
        ("", [kind.name for kind in found]),
        ("core-seconds each (measured)", [f"{kind.core_seconds:.1f}" for kind in found]),
        ("GPU-seconds each (assumed)", [f"{kind.gpu_seconds:.1f}" for kind in found]),
    ]
    for many in CLASSES:
        cores = [many * kind.core_seconds / 3600 for kind in found]
        gpus = [many * kind.gpu_seconds / 3600 for kind in found]
        money = [c * core_hour + g * gpu_hour for c, g in zip(cores, gpus, strict=True)]
        days = [max(c / CORES, g) / 24 for c, g in zip(cores, gpus, strict=True)]
        lines += [
            (f"{many:,}: core-hours", [f"{hours:,.1f}" for hours in cores]),
            (f"{many:,}: GPU-hours", [f"{hours:,.1f}" for hours in gpus]),
            (f"{many:,}: dollars", [f"{dollars:,.2f}" for dollars in money]),
            (f"{many:,}: days, {CORES} cores, one GPU", [f"{day:,.2f}" for day in days]),
        ]
    return "\n".join(
        f"{what:<36}" + "".join(f"{cell:>17}" for cell in cells) for what, cells in lines
    )


def saturation(found: Sequence[Kind]) -> str:
    """Return how many workers of one core a single coordinator keeps busy."""
    scale = numbers_of("scale")
    rates = {"layers": scale["rate"], "complete, CPU": scale["large rate"]}
    return "\n".join(
        f"{kind.name}: {rates[kind.name]:.1f} results a second through one coordinator, so about "
        f"{rates[kind.name] * kind.core_seconds:,.0f} busy workers of one core"
        for kind in found
        if kind.name in rates
    )


def main(arguments: list[str] | None = None) -> None:
    """Reckon, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--core-hour", type=float, default=0.04, help="dollars (assumed)")
    parser.add_argument("--gpu-hour", type=float, default=4.0, help="dollars (assumed)")
    parser.add_argument("--gpu-step-ms", type=float, default=10.0, help="of one step (assumed)")
    options = parser.parse_args(arguments)
    found = kinds(options.gpu_step_ms)
    assumed = (
        f"assumed: {options.core_hour:g} $ a core-hour, {options.gpu_hour:g} $ a GPU-hour, "
        f"{options.gpu_step_ms:g} ms a step on the GPU, {RUNS} runs of {STEPS} steps"
    )
    rows = [
        Row(
            what=f"1,000 {kind.name}: core-hours",
            bar="",
            found=f"{1_000 * kind.core_seconds / 3600:.1f}"
            + (f", and {1_000 * kind.gpu_seconds / 3600:.1f} GPU-hours" * bool(kind.gpu_seconds)),
            reached=None,
            why="a step's time on the GPU is assumed" if kind.gpu_seconds else "",
        )
        for kind in found
    ]
    text = table(found, options.core_hour, options.gpu_hour)
    save("cost", rows, details=f"{text}\n\n{saturation(found)}\n\n{assumed}")


if __name__ == "__main__":
    main()
