"""What is going to be run: cells, probes, shims and limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one run. Reaching one has its own outcome and sentence."""

    cell_timeout_s: float = 1200.0
    """Wall-clock seconds for one cell."""
    notebook_timeout_s: float = 3600.0
    """Wall-clock seconds for all cells of the notebook together."""
    busy_machine_s: float = 3600.0
    """Seconds that all cells together may take longer, as far as others had the CPUs."""
    probe_timeout_s: float = 60.0
    """Seconds for one probe: on the wall, without those in which the kernel had no CPU (at most
    three times as many)."""
    probes_timeout_s: float = 900.0
    """Wall-clock seconds for all probes together."""
    startup_timeout_s: float = 120.0
    """Wall-clock seconds for the kernel to answer first."""
    late_output_s: float = 30.0
    """Wall-clock seconds in which a cell's output must be in after its reply."""
    interrupt_grace_s: float = 10.0
    """Wall-clock seconds between the interrupt of a cell and the kill of its kernel."""
    cpu_s: float = 28_800.0
    """CPU seconds of one process, all its threads together."""
    memory_mib: float = 8192.0
    """Memory in MiB: private memory of one process, and all memory of the run together."""
    processes: int = 512
    """Processes and threads of the run together. Honest ones need many: eight loading processes of
    a `DataLoader` after `torch.set_num_threads(16)` are 183. What they take of the CPUs is bounded
    by the run's control group, not by this."""
    open_files: int = 4096
    """Files and sockets that one process has open."""
    file_mib: float = 1024.0
    """Size of one file in MiB."""
    work_mib: float = 2048.0
    """Size of the work folder in MiB, course files included."""
    tmp_mib: float = 1024.0
    """Size of `/tmp` in MiB."""
    shared_memory_mib: float = 1024.0
    """Size of `/dev/shm` in MiB."""
    output_mib_per_cell: float = 8.0
    """Stored output of one cell in MiB; at the limit the cell is interrupted."""
    output_mib: float = 64.0
    """Output of the whole notebook in MiB, what was cut included; at the limit it is stopped."""
    message_mib: float = 128.0
    """Size of one message from the kernel in MiB."""
    messages: int = 500_000
    """Messages from the kernel."""
    evidence_mib: float = 768.0
    """Arrays that the recorders send, in MiB."""
    evidence_messages: int = 20_000
    """Messages that the recorders send."""
    driver_memory_mib: float = 3072.0
    """Private memory in MiB of the process that drives the kernel."""
    room_mib: float | None = None
    """All memory of the run together in MiB while others go on beside it; None for `memory_mib`.
    What reaches only this is run again alone."""

    @property
    def run_memory_mib(self) -> float:
        """All memory of the run together in MiB."""
        return self.memory_mib if self.room_mib is None else min(self.room_mib, self.memory_mib)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shim:
    """One declared deviation that lets an old notebook run on today's stack."""

    name: str
    """Stable name, such as `cuda-to-cpu`."""
    why: str
    """One sentence: what would fail without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSpec:
    """A question to the student's functions: inputs drawn by the host, answered with raw arrays."""

    probe_id: str
    """Such as `conv1d_forward`."""
    needs: tuple[str, ...]
    """Names that the student's notebook must define."""
    source: str
    """Kernel-side text that answers it; holds inputs, never expected values."""
    makeshift_for: str = ""
    """Probe that asks the same with more defined; behind the same cell this one is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCell:
    """Run the submission's cell `cell_index`."""

    cell_index: int
    """Position in the submission's notebook."""
    part_id: str = ""
    """Part it belongs to, for the progress display."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProbe:
    """Ask one probe, right after the cell that is seen to bind last a name it needs.

    Asked once the kernel has found its names bound; later, where they are bound later.
    """

    probe: ProbeSpec
    """The question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatAttack:
    """Call the student's own attack again, with the target that a part asks for.

    Students often overwrite a target and run the cell again. Only where the notebook attacked in
    this space, but never towards this class.
    """

    class_id: int
    """The target that is asked for."""
    normalised: bool
    """Space of the attack: ImageNet-normalised, or pixels in [0, 1]."""


PlanStep = RunCell | RunProbe | RepeatAttack


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """Everything the execution stage needs besides the files."""

    steps: tuple[PlanStep, ...]
    """Cells and probes in the order of the run."""
    unplaced: tuple[ProbeSpec, ...]
    """Probes whose names no cell is seen to bind: asked where the kernel finds them bound."""
    shims: tuple[Shim, ...]
    """Declared deviations, listed in the evidence."""
    limits: Limits
    """Bounds of the run."""
    seed: int
    """Seed of the hidden inputs and of the kernel's generators."""
    device: str
    """`cpu` or `cuda`."""
    bundle: str
    """Name of the bundle that the course files come from."""
    nonce: str
    """Fresh per run; a reply without it is no reply."""
