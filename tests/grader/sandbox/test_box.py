"""The command line of a box: pure, so its promises can be read off."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from grader.sandbox import box as box_module
from grader.sandbox.box import ENTER, HOME, Box, Mount, bwrap_argv, write_etc


def pairs(argv: list[str], flag: str) -> list[str]:
    return [argv[n + 1] for n, word in enumerate(argv) if word == flag]


def made(folder: Path, **more: object) -> list[str]:
    box = Box(folder=folder, uid=2_000_001, user_namespace=False, **more)  # type: ignore[arg-type]
    return bwrap_argv(box, ["/bin/true"], seccomp_fd=9)


def test_a_roots_box_has_no_user_namespace(tmp_path: Path) -> None:
    # With one, uid 0 of the host would be inside under another name.
    assert "--unshare-user" not in made(tmp_path)


def test_capabilities_are_dropped_before_any_is_added(tmp_path: Path) -> None:
    argv = made(tmp_path, bind_ports=True)
    assert argv.index("--cap-drop") < argv.index("--cap-add")
    assert pairs(argv, "--cap-drop") == ["ALL"]
    assert set(pairs(argv, "--cap-add")) == {
        "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["pid", "net", "ipc", "uts", "cgroup-try"])
def test_namespaces(kind: str, tmp_path: Path) -> None:
    assert f"--unshare-{kind}" in made(tmp_path)


def test_only_asked_for_mounts_are_writable(tmp_path: Path) -> None:
    mounts = (
        Mount(host=tmp_path / "a", inside="/deep/down/a"),
        Mount(host=tmp_path / "b", inside="/b", writable=True),
    )
    argv = made(tmp_path, mounts=mounts)
    assert pairs(argv, "--bind") == [str(tmp_path / "b")]
    assert {"/deep", "/deep/down"} <= set(pairs(argv, "--dir"))
    assert pairs(argv, "--remount-ro")[-2:] == ["/dev", "/"]


def test_folders_have_sizes(tmp_path: Path) -> None:
    argv = made(tmp_path, work_mib=7, tmp_mib=8, shared_memory_mib=9)
    sizes = {
        argv[n + 5]: int(argv[n + 1]) / 2**20
        for n, word in enumerate(argv)
        if word == "--size" and argv[n + 4] == "--tmpfs"
    }
    assert {HOME: 7, "/tmp": 8, "/dev/shm": 9}.items() <= sizes.items()  # noqa: S108 -- inside


def test_environment_is_whole(tmp_path: Path) -> None:
    argv = made(tmp_path, environment=(("LANG", "C.UTF-8"),))
    assert "--clearenv" in argv
    assert pairs(argv, "--setenv") == ["LANG"]


def test_our_packages_are_covered_where_they_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = f"{sys.prefix}/lib/python3/site-packages/grader"

    def spec(name: str) -> ModuleSpec | None:
        found = ModuleSpec(name, None, is_package=True)
        found.submodule_search_locations = [installed if name == "grader" else "/elsewhere"]
        return found

    monkeypatch.setattr(box_module, "find_spec", spec)
    assert pairs(made(tmp_path), "--tmpfs").count(installed) == 1


def test_gpu_nodes_only_where_asked_for(tmp_path: Path) -> None:
    assert "/dev/nvidiactl" in made(tmp_path, gpu=True)
    assert "/dev/nvidiactl" not in made(tmp_path)


def test_etc_is_readable_by_the_boxs_user(tmp_path: Path) -> None:
    box = Box(folder=tmp_path, uid=5, user_namespace=False)
    write_etc(box, b"PEM")
    assert "student:x:5:5" in (tmp_path / "etc" / "passwd").read_text()
    assert all(path.stat().st_mode & 0o004 for path in (tmp_path / "etc").iterdir())


def test_enter_is_the_only_program_of_ours(tmp_path: Path) -> None:
    argv = made(tmp_path)
    ours = [path for path in pairs(argv, "--ro-bind") if "/grader/" in path]
    assert [Path(path).name for path in ours] == [Path(ENTER).name]
