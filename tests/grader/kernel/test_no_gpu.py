"""Code that times, measures or places an attack on a GPU runs on a machine without one."""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
import torch
import torchvision
from torchvision.models import resnet

from grader.kernel import compat, gpu_names, no_gpu
from reference.studio import narrow

FORK = multiprocessing.get_context("fork")

SNIPPETS = """
e = torch.cuda.Event(enable_timing=True)
e.record()
f = torch.cuda.Event(True)
f.record()
f.synchronize()
f.wait()
assert 0 <= e.elapsed_time(f) < 1000 and f.query()

s = torch.cuda.Stream(device='cuda', priority=-1)
s.wait_stream(torch.cuda.current_stream())
with torch.cuda.stream(s): assert s.record_event().query()
with s: s.synchronize(); torch.cuda.default_stream().wait_event(torch.cuda.Event())

with torch.cuda.device(0), torch.cuda.device_of(x): torch.cuda.set_stream(None)

torch.cuda.synchronize()
torch.cuda.synchronize('cuda:0')
torch.cuda.set_device(0)
torch.cuda.init()
torch.cuda.ipc_collect()
torch.cuda.empty_cache()

torch.cuda.reset_peak_memory_stats()
torch.cuda.reset_max_memory_allocated()
torch.cuda.reset_accumulated_memory_stats(0)
torch.cuda.set_per_process_memory_fraction(.5)

assert torch.cuda.memory_allocated() == torch.cuda.max_memory_reserved('cuda') == 0

free, total = torch.cuda.mem_get_info()
assert 0 < free <= total
free / total

assert torch.cuda.memory_stats()['allocated_bytes.all.peak'] == 0

str(torch.cuda.memory_summary())
torch.cuda.memory_snapshot()
torch.cuda.list_gpu_processes()

torch.cuda.utilization() + torch.cuda.temperature() + torch.cuda.power_draw()

str(torch.cuda.get_device_name(torch.cuda.current_device()))
torch.cuda.get_device_properties(0).total_memory / 2**30

assert torch.cuda.get_device_capability(0)[0] < 8 and not torch.cuda.is_bf16_supported()

assert not torch.cuda.is_available() and torch.cuda.device_count() == 0

torch.cuda.manual_seed_all(1)
torch.cuda.seed()
torch.cuda.initial_seed()

kept = torch.cuda.get_rng_state()
a = torch.rand(3, device='cuda')
torch.cuda.set_rng_state(kept)
assert torch.equal(a, torch.rand(3, device='cuda'))

with torch.random.fork_rng(devices=[0]): torch.rand(1)

g = torch.Generator(device='cuda')
g.manual_seed(1)
assert isinstance(g, torch.Generator)
torch.rand(2, generator=g, device='cuda')
assert isinstance(torch.default_generator, torch.Generator)
torch.Generator()

with torch.cuda.amp.autocast(): pass
with torch.autocast('cuda', dtype=torch.float16): assert (x @ x).dtype is torch.float32
with torch.amp.autocast(device_type='cuda', enabled=False): pass

scaler = torch.cuda.amp.GradScaler()
w = torch.ones(1, requires_grad=True)
opt = torch.optim.SGD([w], lr=1.)
scaler.scale(w.sum()).backward()
scaler.unscale_(opt)
scaler.step(opt)
scaler.update()
assert w.item() == 0

torch.amp.GradScaler('cuda').scale(x)
torch.is_autocast_enabled('cuda')

torch.cuda.nvtx.range_push('step')
torch.cuda.nvtx.range_pop()
with torch.cuda.nvtx.range('step'): torch.cuda.nvtx.mark('here')

torch.cuda.profiler.start()
torch.cuda.profiler.stop()
with torch.cuda.profiler.profile(): pass

torch.cuda.make_graphed_callables(torch.nn.Linear(3, 3), (x,))(x)

torch.cuda.set_sync_debug_mode('warn')
torch.cuda.get_sync_debug_mode()
assert not torch.cuda.is_current_stream_capturing()

x.pin_memory().cuda(0, non_blocking=True).record_stream(torch.cuda.current_stream())
torch.empty(2, pin_memory=True)

torch.load(path, 'cuda')
torch.load(path, map_location={'cpu': 'cuda:0'})
torch.load(path, torch.device('cuda'))
torch.load(path, map_location=lambda s, l: s.cuda())
torch.load(path, None)
torch.load(path)

net = torch.nn.DataParallel(torch.nn.Linear(3, 3), device_ids=[0]).cuda()
net(x.to('cuda'))

assert torch.device('cuda', 0).type == torch.device('cuda', index=1).type == 'cpu'
assert torch.device(type='cuda', index=0) == torch.device(0) == torch.device('cpu')
assert torch.device('cpu', 0).index == 0

assert x.to(1).device.type == x.cuda(device=0).device.type == 'cpu'
assert torch.zeros(2, device=0).device == torch.device('cpu')
assert x.new_zeros(2, device=torch.device('cuda', 1)).device == torch.device('cpu')
assert x.to(device=torch.device(type='mps', index=0)).device.type == 'cpu'

net = torch.nn.Linear(3, 3, device=0).to(1).to(device=0, dtype=torch.float64).cuda(0)
assert next(net.to(torch.float32).parameters()).dtype is torch.float32

torch.Generator(0).manual_seed(1)
torch.Generator(torch.device('cuda', 0))

torch.set_default_device(torch.device('cuda', 0))
assert torch.get_default_device() == torch.device('cpu')
torch.set_default_device(None)

with torch.cuda.StreamContext(None), torch.device('cuda', 1): pass

class Mine(torch.cuda.device): pass
assert isinstance(Mine(0), torch.cuda.device)

with torch.device('cuda'): assert torch.zeros(1).device.type == 'cpu'

torch.mps.synchronize()
torch.mps.empty_cache()
torch.mps.current_allocated_memory()
torch.accelerator.synchronize()
x.to('mps')
""".strip().split("\n\n")
"""What notebooks write around an attack."""


def _failures(path: str, there: Connection) -> None:
    """Run every line; in a process of its own, for the shim stays for good."""
    told: list[int] = []
    no_gpu.install(lambda: told.append(1))
    torch.save(torch.ones(1), path)
    found = []
    for snippet in SNIPPETS:
        told.clear()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(snippet, {"torch": torch, "x": torch.ones(3, 3), "path": path})  # noqa: S102
        except BaseException as error:  # noqa: BLE001 -- told to the test
            found.append(f"{snippet}: {type(error).__name__}: {error}")
    there.send(found)


@pytest.mark.skipif(torch.cuda.is_available(), reason="is for machines without a GPU")
def test_timing_code_around_an_attack_costs_no_part(tmp_path: Path) -> None:
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_failures, args=(str(tmp_path / "a.pt"), there))
    process.start()
    there.close()
    assert here.recv() == []
    process.join()


def test_a_gpu_computes_in_full_precision_unless_the_notebook_asks_for_less() -> None:
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.allow_tf32, matmul.allow_tf32
    try:
        cudnn.allow_tf32 = matmul.allow_tf32 = True
        compat.full_precision()
        assert not cudnn.allow_tf32
        assert not matmul.allow_tf32
    finally:
        cudnn.allow_tf32, matmul.allow_tf32 = before


CLASSES_OF = (torch, torch.cuda, torch.nn, torch.cuda.amp, torchvision.models, resnet)
COMPILED = """
net = torch.nn.Linear(2, 2)
assert torch.compile(net, mode='reduce-overhead')(torch.ones(1, 2)).shape == (1, 2)
@torch.compile
def f(x): return x + 1
@torch.compile(fullgraph=True)
def g(x): return f(x) * 2
assert g(torch.ones(2)).tolist() == [4., 4.]
net.compile()
assert net(torch.ones(1, 2)).shape == (1, 2)
"""
DERIVED = """
class Mine(resnet.ResNet):
    def __init__(self):
        super().__init__(resnet.Bottleneck, [3, 4, 6, 3])
    def forward(self, x):
        self.seen = x.shape
        return super().forward(x)
mine, built = Mine(), torchvision.models.resnet50(weights=None)
mine.load_state_dict(built.state_dict())
assert isinstance(mine, resnet.ResNet) and isinstance(built, torchvision.models.ResNet)
assert mine(torch.zeros(2, 3, 32, 32)).shape == (2, 1000) and len(mine.seen) == 4
assert type(built).__name__ == 'ResNet'
assert torchvision.models.resnet18(num_classes=7).layer1[0].conv1.out_channels == 64
assert torchvision.models.resnext50_32x4d().layer1[0].conv2.groups == 32
assert torchvision.models.resnet50(num_classes=5).fc.out_features == 5
"""


def _classes() -> dict[tuple[ModuleType, str], Any]:
    return {(m, n): v for m in CLASSES_OF for n, v in vars(m).items() if isinstance(v, type)}


def _all_shims(source: str, there: Connection) -> None:
    """Install what stands in for torch's own, and run a notebook's lines."""
    sys.modules["grader.kernel.narrow"] = narrow
    before = _classes()
    nobody = SimpleNamespace(send=lambda *_: None)
    compat.install(cast("Any", nobody), ["cuda-to-cpu", "no-compiler", "narrow-resnet"])
    after = _classes()
    found = [f"{m.__name__}.{n} is no class any more" for m, n in before if (m, n) not in after]
    try:
        exec(source, {"torch": torch, "torchvision": torchvision, "resnet": resnet})  # noqa: S102
    except Exception as error:  # noqa: BLE001 -- told to the test
        found.append(repr(error))
    there.send(found)


@pytest.mark.parametrize("source", [COMPILED, DERIVED], ids=["compiled", "derived"])
def test_what_a_shim_replaces_stays_a_class_from_which_a_notebook_may_derive(source: str) -> None:
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_all_shims, args=(source, there))
    process.start()
    there.close()
    assert here.recv() == []
    process.join()


def test_an_event_that_was_not_recorded_has_no_time() -> None:
    with pytest.raises(RuntimeError, match="must be recorded"):
        gpu_names.Event(enable_timing=True).elapsed_time(gpu_names.Event())
