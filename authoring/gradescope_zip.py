"""Gradescope's autograder as the zip that is uploaded there; `make gradescope` runs it.

`setup.sh` and `run_autograder` lie at its root, as the platform wants them. The whole grader is in
it: only staff may have the zip, and on the platform only root can read it.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import zipfile
from pathlib import Path

from grader.model.assignment import load_assignment, parse_course
from grader.model.offering_files import (
    DEFAULT_ASSIGNMENT,
    files_of_staff,
    find_offering,
    offering_names,
)
from reference.errors import ConfigError, PsetError
from reference.expected import added_folder

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "templates"
TARGET = ROOT / "build" / "gradescope-autograder.zip"
PROGRAMS = ("gradescope/setup.sh", "gradescope/run_autograder", "ci/pset4-check.sh")
"""Files that are run."""
LOCK = "ci/requirements-ci.lock"
WHEEL = "pset4_grader-*.whl"


def build_autograder(
    target: Path, built: Path, choices: dict[str, str], more: dict[str, bytes] | None = None
) -> Path:
    """Write the zip and return its path.

    Args:
        target: The zip.
        built: Where the grader's wheel lies.
        choices: assignment, course and bundle for `settings.toml`.
        more: Further files by their names in the zip, as `own_offering` gives them.

    Raises:
        ConfigError: there is no wheel.
    """
    wheels = sorted(built.glob(WHEEL))
    if not wheels:
        raise ConfigError(f"{built}: expected the grader's wheel, found none; run `make wheel`")
    settings = (TEMPLATES / "gradescope/settings.toml").read_text(encoding="utf-8")
    for name, value in {**choices, "salt": secrets.token_hex(16)}.items():
        settings = settings.replace(f"@{name.upper()}@", value)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in PROGRAMS:
            _add(archive, Path(name).name, (TEMPLATES / name).read_bytes(), 0o755)
        _add(archive, Path(LOCK).name, (TEMPLATES / LOCK).read_bytes())
        _add(archive, "settings.toml", settings.encode())
        _add(archive, wheels[-1].name, wheels[-1].read_bytes())
        for name, data in (more or {}).items():
            _add(archive, name, data)
    return target


def own_offering(name: str, offering: str, bundle: str) -> dict[str, bytes]:
    """Return the files of an offering of staff's own, and what the reference ran for it.

    `run_autograder` names the folders where they are looked for.

    Args:
        name: As staff gave it: a name, or its folder.
        offering: Its name.
        bundle: Whose expected outputs are meant.
    """
    if offering in offering_names():
        return {}
    outputs = added_folder(bundle)
    files = {
        f"offerings/{offering}/{path.name}": path.read_bytes()
        for path in files_of_staff(find_offering(name))
    }
    ran = sorted((outputs / offering).glob("*"))
    return files | {
        f"state/cache/expected/{outputs.name}/{offering}/{path.name}": path.read_bytes()
        for path in ran
    }


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int = 0o644) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = (0o100000 | mode) << 16
    entry.create_system = 3
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def main() -> int:
    """Build the zip for the offering that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default=DEFAULT_ASSIGNMENT)
    parser.add_argument("--course", "--variant", default="")
    parser.add_argument("--bundle", default="studio-narrow")
    options = parser.parse_args()
    try:
        offering = load_assignment(options.assignment)
        if options.course:
            parse_course(options.course, offering)
        path = build_autograder(
            TARGET,
            ROOT / "build",
            {"assignment": offering.name, "course": options.course, "bundle": options.bundle},
            own_offering(options.assignment, offering.name, options.bundle),
        )
    except PsetError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    size = path.stat().st_size / 2**20
    sys.stdout.write(f"{path.relative_to(ROOT)} ({size:.1f} MiB): upload it as the autograder\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
