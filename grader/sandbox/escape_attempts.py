"""What the doctor tries from within a box: each attempt should fail, and says how it went.

    python -c "run this file" NAME JSON

Only the standard library; it is mounted into the box alone. Prints one line of JSON:
{"held": bool, "found": "what happened"}.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import sys
import time
from typing import Any

SYSTEM_CALLS = {
    "ptrace": 101, "mount": 165, "unshare": 272, "perf_event_open": 298, "bpf": 321,
    "io_uring_setup": 425, "keyctl": 250, "userfaultfd": 323, "setns": 308, "init_module": 175,
}  # fmt: skip
"""Numbers on x86-64."""

CONNECT_TIMEOUT_S = 2.0
PAUSE_S = 0.05
MIB = 2**20

Answer = tuple[bool, str]


def network(facts: dict[str, Any]) -> Answer:
    """Reach a listener of the host, and an address of the internet."""
    reached = []
    for address in (("127.0.0.1", facts["port"]), ("192.0.2.1", 80), ("8.8.8.8", 53)):
        try:
            socket.create_connection(address, timeout=CONNECT_TIMEOUT_S).close()
            reached.append(f"{address[0]}:{address[1]}")
        except OSError:
            continue
    interfaces = sorted(name for _, name in socket.if_nameindex())
    held = not reached and interfaces == ["lo"]
    return held, f"reached {reached or 'nothing'}, interfaces {', '.join(interfaces)}"


def files(facts: dict[str, Any]) -> Answer:
    """Find the grader, the reference, the host's home and a file of the host."""
    seen = [path for path in facts["closed"] if os.path.exists(path)]  # noqa: PTH110
    return not seen, f"sees {', '.join(seen) or 'none of them'}"


def system(facts: dict[str, Any]) -> Answer:
    """Write to the system, to Python and to the root folder."""
    written = []
    for folder in ("/", "/etc", "/usr", "/usr/lib", "/dev", "/proc/sys", *facts["python"]):
        path = f"{folder.rstrip('/')}/pset4-doctor"
        try:
            with open(path, "w"):  # noqa: PTH123
                written.append(path)
        except OSError:
            continue
    return not written, f"wrote {', '.join(written) or 'nowhere'}"


def privileges(_: dict[str, Any]) -> Answer:
    """Hold a capability, gain one, or run without the filter."""
    with open("/proc/self/status") as file:  # noqa: PTH123
        status = dict(line.split(":", 1) for line in file)
    sets = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    held = [name for name in sets if int(status[name], 16)]
    filtered = status["Seccomp"].strip() == "2"
    locked = status["NoNewPrivs"].strip() == "1"
    text = f"capabilities {', '.join(held) or 'none'}; new ones {'no' if locked else 'YES'}"
    return not held and filtered and locked, f"{text}; filter {'on' if filtered else 'OFF'}"


def host_root(facts: dict[str, Any]) -> Answer:
    """Be the host's root: open kernel settings, or map to host uid 0."""
    opened = []
    for path in (
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/modprobe",
        "/proc/sysrq-trigger",
    ):
        try:
            os.close(os.open(path, os.O_WRONLY))
            opened.append(path)
        except OSError:
            continue
    with open("/proc/self/uid_map") as file:  # noqa: PTH123
        ranges = [tuple(map(int, line.split())) for line in file]
    uid = os.getuid()
    outside = [
        host + uid - inside for inside, host, size in ranges if inside <= uid < inside + size
    ]
    kuid = outside[0] if facts["user_namespace"] else uid
    found = f"opened {', '.join(opened) or 'none'}, host uid {kuid}"
    return not opened and kuid != 0, found


def environment(facts: dict[str, Any]) -> Answer:
    """Read a variable of the host."""
    leaked = [name for name in facts["secret_names"] if name in os.environ]
    first = ""
    try:
        with open("/proc/1/environ", "rb") as file:  # noqa: PTH123
            first = file.read().decode(errors="replace")
    except OSError:
        pass
    leaked += [name for name in facts["secret_names"] if name in first]
    return not leaked, f"sees {', '.join(leaked) or 'none of the host'}"


def processes(_: dict[str, Any]) -> Answer:
    """See or signal a process that is not of this box."""
    others = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    held = len(others) <= 4 and os.getpid() < 16
    return held, f"sees {len(others)} processes, is number {os.getpid()}"


def system_calls(_: dict[str, Any]) -> Answer:
    """Make system calls that widen the kernel's surface."""
    libc = ctypes.CDLL(None, use_errno=True)
    allowed = []
    for name, number in SYSTEM_CALLS.items() if os.uname().machine == "x86_64" else ():
        ctypes.set_errno(0)
        if libc.syscall(number, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() != errno.EPERM:
            allowed.append(name)
    return not allowed, f"allowed {', '.join(allowed) or 'none'} of {len(SYSTEM_CALLS)}"


def sockets(_: dict[str, Any]) -> Answer:
    """Open sockets that a network namespace does not isolate, or raw ones."""
    stream, raw, seq = socket.SOCK_STREAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET
    families = {"AF_VSOCK": (40, stream), "AF_PACKET": (17, raw), "AF_ALG": (38, seq)}
    families["raw IP"] = (2, raw)
    opened = []
    for name, (family, kind) in families.items():
        try:
            socket.socket(family, kind).close()
            opened.append(name)
        except OSError:
            continue
    return not opened, f"opened {', '.join(opened) or 'none'}"


def kernel_sockets(facts: dict[str, Any]) -> Answer:
    """Reach the folder of a kernel's sockets, which are open here, to lay a link in it."""
    opened = sum(_is_socket(number) for number in range(3, 8))
    reached = [path for path in (facts["sockets"], *_open_folders()) if _lays_link(path)]
    return opened == 5 and not reached, f"{opened} are open, reached {reached or 'no folder'}"


def _is_socket(number: int) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{number}").startswith("socket:")  # noqa: PTH115
    except OSError:
        return False


def _open_folders() -> list[str]:
    """Whatever a process of this box has open, as a way out of it."""
    found = []
    for process in ("self", "1", "2"):
        place = f"/proc/{process}/fd"
        try:
            found += [f"{place}/{name}" for name in os.listdir(place)]  # noqa: PTH208
        except OSError:
            continue
    return [path for path in found if os.path.isdir(f"{path}/.") and "/proc" not in _target(path)]  # noqa: PTH112


def _target(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115
    except OSError:
        return ""


def _lays_link(folder: str) -> bool:
    try:
        os.symlink("/tmp", f"{folder}/pset4-doctor")  # noqa: PTH211, S108
    except OSError:
        return False
    return True


def fork_limit(facts: dict[str, Any]) -> Answer:
    """Start more processes than the limit."""
    count = 0
    try:
        while count < 4 * facts["processes"]:
            if os.fork() == 0:
                time.sleep(30)
                os._exit(0)
            count += 1
    except OSError as error:
        return count <= facts[
            "processes"
        ], f"{count} of {facts['processes']}, then {error.strerror}"
    return False, f"{count} and no end"


def private_memory(facts: dict[str, Any]) -> Answer:
    """Take more private memory than the limit."""
    blocks: list[bytearray] = []
    try:
        while len(blocks) * 64 < 4 * facts["memory_mib"]:
            blocks.append(bytearray(64 * MIB))
    except MemoryError:
        taken = len(blocks) * 64
        return taken <= facts["memory_mib"], f"{taken} MiB of {facts['memory_mib']:.0f}, then none"
    return False, f"{len(blocks) * 64} MiB and no end"


def shared_memory(facts: dict[str, Any]) -> Answer:
    """Take more shared memory than the limit; being killed for it is what should happen."""
    blocks: list[mmap.mmap] = []
    while len(blocks) * 64 < 4 * facts["memory_mib"]:
        block = mmap.mmap(-1, 64 * MIB)
        block.write(b"x" * (64 * MIB))
        blocks.append(block)
        time.sleep(PAUSE_S)
    time.sleep(facts["patience_s"])
    return False, f"{len(blocks) * 64} MiB and no end"


def cpus(facts: dict[str, Any]) -> Answer:
    """Keep more CPUs busy than the run has, each process in a session of its own."""
    before, began = os.times(), time.monotonic()
    children = []
    for _ in range(facts["count"]):
        child = os.fork()
        if child == 0:
            os.setsid()
            while time.monotonic() - began < 1.0:
                pass
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    after, took = os.times(), time.monotonic() - began
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    busy = used / took
    most = 1.25 * facts["cores"]  # what is begun in a period is brought to its end
    return busy <= most, f"{facts['count']} processes kept {busy:.1f} CPUs busy"


def disk(facts: dict[str, Any]) -> Answer:
    """Fill the folders that may be written to."""
    found = []
    held = True
    for folder, size_mib in facts["folders"].items():
        written = 0.0
        try:
            with open(f"{folder}/big", "wb", buffering=0) as file:  # noqa: PTH123
                while written < 4 * size_mib:
                    written += file.write(b"x" * MIB) / MIB
        except OSError as error:
            found.append(f"{folder} {written:.0f} MiB ({error.strerror})")
        else:
            held = False
            found.append(f"{folder} has no end")
        os.unlink(f"{folder}/big")  # noqa: PTH108
    return held, ", ".join(found)


def file_size(facts: dict[str, Any]) -> Answer:
    """Write one file over its limit."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = int(facts["file_mib"] * MIB)
    path = f"{facts['folder']}/large"
    try:
        with open(path, "wb") as file:  # noqa: PTH123
            os.posix_fallocate(file.fileno(), 0, limit + MIB)
    except OSError as error:
        return error.errno == errno.EFBIG, error.strerror or ""
    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return False, f"wrote it; its limit is {soft}"


def daemons(facts: dict[str, Any]) -> Answer:
    """Leave processes behind that heed no signal; the doctor then ends the box and counts."""
    for _ in range(facts["count"]):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_IGN)
                time.sleep(facts["patience_s"])
            os._exit(0)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(facts["patience_s"])
    return False, "nobody ended it"


if __name__ == "__main__":
    _held, _found = globals()[sys.argv[1]](json.loads(sys.argv[2]))
    sys.stdout.write(json.dumps({"held": _held, "found": _found}) + "\n")
