"""Time of a step of an attack: the gradient of a log-probability to the picture, in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reference.bundles import get_bundle
from reference.images import prepare_image, read_image
from reference.networks import load_network
from tests.gpu.rows import Row

TARGET, ROUNDS, WARM_UP = 282, 50, 10
Step = Callable[[Tensor], Tensor]


def speed(bundle_name: str) -> Iterator[Row]:
    """Yield the median time of a step, eager and otherwise, as a share of the eager one."""
    bundle = get_bundle(bundle_name)
    image = prepare_image(read_image(bundle.corgi)).cuda()
    network = load_network("pretrained", bundle, device="cuda")
    steps: dict[str, Step] = {
        "eager": lambda x: _gradient(network, x),
        "channels last": _channels_last(bundle_name),
        "CUDA graph": _graphed(network, image),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(WARM_UP + ROUNDS):
        for name, step in steps.items():
            taken = _seconds(step, image)
            if number >= WARM_UP:
                seconds[name].append(taken)
    medians = {name: statistics.median(all_of) for name, all_of in seconds.items()}
    for name, median in medians.items():
        share = median / medians["eager"]
        yield Row(what=f"step, {name}", found=f"{1e3 * median:.2f} ms, {share:.2f} of eager")
    truth = _gradient(network, image)
    for name, step in steps.items():
        cosine = float(F.cosine_similarity(step(image).flatten(), truth.flatten(), dim=0))
        yield Row(
            what=f"step, {name}: cosine with the eager gradient",
            found=f"{cosine:.6f}",
            expected="at least 0.999",
            ok=cosine >= 0.999,
        )


def _gradient(network: nn.Module, image: Tensor) -> Tensor:
    x = image.detach().clone().requires_grad_()
    loss = F.log_softmax(network(x), dim=1)[0, TARGET]
    return torch.autograd.grad(loss, x)[0]


def _channels_last(bundle_name: str) -> Step:
    network = load_network("pretrained", get_bundle(bundle_name), device="cuda")
    network = network.to(memory_format=torch.channels_last)
    return lambda x: _gradient(network, x.contiguous(memory_format=torch.channels_last))


def _graphed(network: nn.Module, image: Tensor) -> Step:
    """Capture one step; a replay computes it for what is copied into its input."""
    given = image.detach().clone().requires_grad_()
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            torch.autograd.grad(F.log_softmax(network(given), dim=1)[0, TARGET], given)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = F.log_softmax(network(given), dim=1)[0, TARGET]
        (gradient,) = torch.autograd.grad(loss, given)

    def replay(x: Tensor) -> Tensor:
        with torch.no_grad():
            given.copy_(x)
        graph.replay()
        return gradient.clone()

    return replay


def _seconds(step: Step, image: Tensor) -> float:
    event = partial(torch.cuda.Event, enable_timing=True)
    begin, end = event(), event()
    begin.record()
    step(image)
    end.record()
    torch.cuda.synchronize()
    return float(begin.elapsed_time(end)) / 1e3
