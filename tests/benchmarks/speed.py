"""Attack steps per second of the reference against a bare loop of forward and backward, in turns.

    python -m tests.benchmarks.speed [--bundle studio] [--steps 20] [--rounds 5]

On a GPU also the batch of attacks in a CUDA graph against the eager loop of the notebook.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch

from reference.attack import ascend, log_probability_of
from reference.bundles import get_bundle
from reference.device import choose_device
from reference.images import prepare_image, read_image
from reference.networks import load_network
from reference.run_records import Norm, Space, StepConfig
from reference.together import ascend_together
from tests.benchmarks.record import Row, save

TARANTULA, TIGER_CAT = 76, 282
CONFIG = StepConfig(step_size=0.02, space=Space.NORMALISED, eps_l2=None, norm=Norm.ABS)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", default="studio")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    bundle, device = get_bundle(options.bundle), choose_device("auto")
    network = load_network("pretrained", bundle, device=device, width="full")
    start = prepare_image(read_image(bundle.corgi), normalised=True).to(device)
    objective = log_probability_of(TARANTULA)

    def bare() -> float:
        started = time.perf_counter()
        for _ in range(options.steps + 1):
            leaf = start.detach().requires_grad_(True)
            torch.autograd.grad(objective.function(network(leaf)), leaf)
        return time.perf_counter() - started

    def ours() -> float:
        started = time.perf_counter()
        ascend(network, start, objective, CONFIG, options.steps)
        return time.perf_counter() - started

    bare(), ours()  # what is made once is made
    rounds = [(bare(), ours()) for _ in range(options.rounds)]
    ratio = statistics.median(first / second for first, second in rounds)
    per_second = (options.steps + 1) / statistics.median(second for _, second in rounds)
    found = f"{ratio:.3f} ({per_second:.2f} steps per second on {device})"
    rows = [
        Row(
            what="reference attack, steps per second against a bare loop of forward and backward",
            bar="≥ 0.95",
            found=found,
            reached=ratio >= 0.95,
        )
    ]
    rows.append(_together(network, start, options.steps))
    save("speed", rows)


def _together(network: torch.nn.Module, start: torch.Tensor, steps: int) -> Row:
    """Several attacks in a CUDA graph against the eager loop of the notebook, one by one."""
    what = "on a GPU: attacks at once in a CUDA graph against the eager loop, steps per second"
    if start.device.type != "cuda":
        return Row(what=what, bar="≥ 2 ×", found="no GPU here", reached=None, why="never run yet")
    targets = torch.tensor([TARANTULA, TIGER_CAT, 207, 388], device=start.device)

    def timed(call: Callable[[], Sequence[float]]) -> tuple[float, Sequence[float]]:
        torch.cuda.synchronize()
        started = time.perf_counter()
        gains = call()
        torch.cuda.synchronize()
        return time.perf_counter() - started, gains

    def eager() -> list[float]:
        gains = []
        for target in targets.tolist():
            steps_ = ascend(network, start, log_probability_of(target), CONFIG, steps).steps
            gains.append((steps_[-1].log_probability or 0.0) - (steps_[0].log_probability or 0.0))
        return gains

    def at_once() -> list[float]:
        trace = ascend_together(network, start, targets, CONFIG, steps).log_probability
        return [float(gain) for gain in trace[-1] - trace[0]]

    timed(eager), timed(at_once)
    slow, wanted = timed(eager)
    fast, found = timed(at_once)
    worst = max(abs(a - b) for a, b in zip(wanted, found, strict=True))
    return Row(
        what=what,
        bar="≥ 2 ×, same gains",
        found=f"{slow / fast:.1f} ×, gains differ by at most {worst:.2g}",
        reached=slow / fast >= 2,
    )


if __name__ == "__main__":
    main()
