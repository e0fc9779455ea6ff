"""What `torch.cuda` answers where there is no GPU: times are measured, memory is none.

Code that takes the time of a loop, looks at the memory or chooses a stream computes nothing that
is worth points, and must not end what does. `is_available` and `device_count` tell the truth. What
a notebook could only use for its results, such as a captured graph, is left to fail.
"""

from __future__ import annotations

import os
import time
import types
from collections.abc import Callable
from typing import Any

import torch

_NAME = "CPU (no GPU here)"
_MILLISECONDS = 1000.0

_DO_NOTHING = (
    "synchronize", "set_device", "init", "ipc_collect", "set_stream", "set_sync_debug_mode",
    "reset_peak_memory_stats", "reset_max_memory_allocated", "reset_max_memory_cached",
    "reset_accumulated_memory_stats", "set_per_process_memory_fraction",
)  # fmt: skip
_ZERO = (
    "current_device", "get_sync_debug_mode", "utilization", "memory_usage", "device_memory_used",
    "temperature", "power_draw", "clock_rate",
)  # fmt: skip
_OF_MPS = ("synchronize", "empty_cache", "set_per_process_memory_fraction")
_SIZES_OF_MPS = ("current_allocated_memory", "driver_allocated_memory", "recommended_max_memory")


class Stream:
    """Work is done at once: there is nothing to wait for."""

    def __init__(self, *_: Any, **settings: Any) -> None:
        self.device = torch.device("cpu")
        self.priority = settings.get("priority", 0)
        self.cuda_stream = 0

    def synchronize(self) -> None:
        """Wait for nothing."""

    def wait_stream(self, stream: Any) -> None:
        """Wait for nothing."""

    def wait_event(self, event: Any) -> None:
        """Wait for nothing."""

    def record_event(self, event: Any = None) -> Any:
        """Record an event, a new one if none is given."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def query(self) -> bool:
        """Whether all work is done."""
        return True

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None: ...


class Event:
    """A point in time, by the clock of the CPU."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._recorded: float | None = None

    def record(self, *_: Any, **__: Any) -> None:
        """Note the time."""
        self._recorded = time.perf_counter()

    def elapsed_time(self, end_event: Event) -> float:
        """Return the milliseconds to another event.

        Raises:
            RuntimeError: one of them was not recorded, as torch's own does.
        """
        if self._recorded is None or end_event._recorded is None:
            raise RuntimeError("Both events must be recorded before calculating elapsed time.")
        return (end_event._recorded - self._recorded) * _MILLISECONDS

    def synchronize(self) -> None:
        """Wait for nothing."""

    def wait(self, stream: Any = None) -> None:
        """Wait for nothing."""

    def query(self) -> bool:
        """Whether all work before it is done."""
        return True


class _Counts(dict[str, int]):
    """Statistics of memory: each is 0."""

    def __missing__(self, key: str) -> int:
        return 0


class _Context:
    """For `with torch.cuda.device(0):` and the like."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def install(report: Callable[[], None]) -> None:
    """Answer what a notebook may ask of a GPU; `report` is called whenever it does."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in _DO_NOTHING:
        _put(torch.cuda, name, report)
    for name in _ZERO:
        _put(torch.cuda, name, report, lambda: 0)
    answers: dict[str, Callable[[], Any]] = {
        "get_device_name": lambda: _NAME,
        "get_device_capability": lambda: (0, 0),
        "get_device_properties": lambda: _properties(memory),
        "mem_get_info": lambda: (memory, memory),
        "memory_stats": _Counts,
        "memory_summary": lambda: _NAME,
        "list_gpu_processes": lambda: "no processes are running",
        "get_per_process_memory_fraction": lambda: 1.0,
        "is_current_stream_capturing": lambda: False,
        "can_device_access_peer": lambda: False,
        "initial_seed": torch.initial_seed,
        "get_rng_state": torch.get_rng_state,
    }
    for name, answer in answers.items():
        _put(torch.cuda, name, report, answer)
    _streams(report)
    _random(report)
    _profiling(report)
    _others(report)


def _put(
    module: Any, name: str, report: Callable[[], None], answer: Callable[[], Any] | None = None
) -> None:
    """Give a name another function: one of its own, as torch's compiler wants it."""

    def answered(*_: Any, **__: Any) -> Any:
        report()
        return None if answer is None else answer()

    answered.__name__ = name
    setattr(module, name, answered)


def _properties(memory: int) -> types.SimpleNamespace:
    return types.SimpleNamespace(
        name=_NAME,
        total_memory=memory,
        major=0,
        minor=0,
        multi_processor_count=os.cpu_count() or 1,
        is_integrated=1,
        is_multi_gpu_board=0,
    )


def _streams(report: Callable[[], None]) -> None:
    class CpuStream(Stream):
        __doc__ = Stream.__doc__

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            report()
            super().__init__(*args, **kwargs)

    class CpuEvent(Event):
        __doc__ = Event.__doc__

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            report()
            super().__init__(*args, **kwargs)

    for name, kind in (("Stream", CpuStream), ("ExternalStream", CpuStream), ("Event", CpuEvent)):
        setattr(torch.cuda, name, kind)
    for name in ("current_stream", "default_stream"):
        _put(torch.cuda, name, report, CpuStream)

    class CpuContext(_Context):
        __doc__ = _Context.__doc__

        def __init__(self, *_: Any, **__: Any) -> None:
            report()

    # Classes stay classes: libraries ask what an object is an instance of, and notebooks derive.
    for name in ("StreamContext", "device", "device_of"):
        setattr(torch.cuda, name, type(name, (CpuContext,), {}))
    _put(torch.cuda, "stream", report, CpuContext)


def _random(report: Callable[[], None]) -> None:
    """The state of the GPU's generator is that of the CPU's."""

    def set_rng_state(new_state: Any, *_: Any, **__: Any) -> None:
        report()
        torch.set_rng_state(new_state)

    torch.cuda.set_rng_state = set_rng_state
    plain_fork = torch.random.fork_rng

    def fork_rng(*args: Any, **kwargs: Any) -> Any:
        enabled = args[1] if len(args) > 1 else kwargs.get("enabled", True)
        return plain_fork((), enabled)

    torch.random.fork_rng = fork_rng


def _profiling(report: Callable[[], None]) -> None:
    for name in ("start", "stop"):
        _put(torch.cuda.profiler, name, report)
    _put(torch.cuda.profiler, "profile", report, _Context)
    for name in ("range_push", "range_pop", "mark", "range_start", "range_end"):
        _put(torch.cuda.nvtx, name, report, lambda: 0)
    _put(torch.cuda.nvtx, "range", report, _Context)
    torch.cuda.make_graphed_callables = lambda callables, *_, **__: callables


def _others(report: Callable[[], None]) -> None:
    """The same for what stands beside `torch.cuda`."""
    for name in _OF_MPS:
        _put(torch.mps, name, report)
    for name in _SIZES_OF_MPS:
        _put(torch.mps, name, report, lambda: 0)
    _put(torch.accelerator, "synchronize", report)
    _put(torch.Tensor, "record_stream", report)
