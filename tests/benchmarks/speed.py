"""Attack steps per second of the reference against a bare loop of forward and backward, in turns.

    python -m tests.benchmarks.speed [--bundle studio] [--steps 20] [--rounds 5]

On a GPU also the batch of attacks in a CUDA graph against the eager loop of the notebook.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from reference.attack import ascend, log_probability_of
from reference.bundles import get_bundle
from reference.device import choose_device
from reference.images import Space, prepare_image, read_image
from reference.networks import load_network
from reference.steps import Norm, StepConfig
from tests.benchmarks.record import Row, save

TARANTULA = 76
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
    save("speed", rows)


if __name__ == "__main__":
    main()
