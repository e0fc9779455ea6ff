"""Zips built entry by entry: names that are reserved, clash, nest, or are none at all."""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader.execution import workspace
from grader.intake.submission import read_submission
from grader.model.records import Submission
from grader.model.records.codec import from_json, to_json
from grader.sandbox.enter import fill
from reference.bundles import Bundle
from reference.errors import SubmissionError
from tests.fuzz.measure import Worst
from tests.fuzz.seeds import notebooks, reports
from tests.fuzz.target import Fault, _in_this_process, _sentence
from tests.hostile.making import DEFLATED, DESCRIPTOR, REGULAR, STORED, Member, raw_zip_bytes

SLOW_S = 6.0
"""Processor seconds that one zip may take on a slow machine; a usual one takes 0.02."""
MOST_MIB = 400.0
"""Memory that one zip may take."""
COURSE = ("WelshCorgi.jpeg", "imagenet_classes.txt", "imagenet_l2_3_0.pt")
CHECKPOINT = "hub/checkpoints/resnet50-0676ba61.pth"
PIECES = (
    *(
        ".cache",
        ".config",
        ".ipython",
        ".jupyter",
        ".local",
        ".matplotlib",
        ".nv",
        ".torch",
        ".git",
    ),
    *("torch", "hub", "checkpoints", "resnet50-0676ba61.pth", "matplotlib", "profile_default"),
    *("ipython_kernel_config.py", "startup", "00.py", "sitecustomize.py", "usercustomize", "x.pth"),
    *(
        "matplotlibrc",
        ".netrc",
        "_pset4",
        "_pset4.py",
        "json.py",
        "torch.py",
        "__pycache__",
        "__MACOSX",
        "k-1",
    ),
    *COURSE,
    *(
        "pset4.ipynb",
        "report.pdf",
        "a",
        "a",
        "b",
        "b.txt",
        "A",
        "data",
        "",
        ".",
        "..",
        "~",
        " ",
        "-",
    ),
    *("n" * 255, "n" * 256, "\xe9" * 130, "e\u0301", "\u202egpj.exe", "a\nb", "a\x00b", "\ud800"),
    *(
        "C:",
        "CON",
        "nul.txt",
        "*",
        "?",
        "a|b",
        "$HOME",
        "`id`",
        "%2e%2e",
        "\\",
        "a\\b",
        "..\\..\\x",
    ),
)
"""Of which paths are made."""


def entries(seed: int, number: int) -> bytes:
    """Return the zip of this number; the same numbers give the same bytes."""
    draw = random.Random(f"{seed}/names/{number}")  # noqa: S311 -- damage, no secret
    members = [Member(name=_name(draw), **_odd(draw)) for _ in range(draw.randrange(1, 12))]
    if draw.randrange(50) == 0:
        deep = draw.choice((39, 40, 41, 499, 2000))
        members.append(Member(name=b"a/" * deep + b"x", data=b"x"))
    if draw.randrange(300) == 0:
        members += [Member(name=f"d{n}/{n}".encode(), data=b"x") for n in range(1200)]
    if draw.randrange(8):
        members.append(Member(name=b"pset4.ipynb", data=draw.choice(notebooks()), method=DEFLATED))
    folder = draw.choice((b"", b"", b"", b"jdoe/", b"jdoe/jdoe/", b"./", b".cache/"))
    draw.shuffle(members)
    made = raw_zip_bytes([replace(one, name=folder + one.name) for one in members])
    if draw.randrange(6):
        return made
    # A zip within the zip, whose files may be named like those around it.
    around = [Member(name=_name(draw), **_odd(draw)) for _ in range(draw.randrange(3))]
    around += [replace(one, data=b"y") for one in members if draw.randrange(4) == 0]
    around.append(Member(name=draw.choice((b"inner.zip", b"jdoe.zip", b"a")), data=made))
    if draw.randrange(2):
        around.append(Member(name=b"report.pdf", data=draw.choice(reports()), method=DEFLATED))
    return raw_zip_bytes(around)


def _name(draw: random.Random) -> bytes:
    pieces = [draw.choice(PIECES) for _ in range(draw.choice((1, 1, 1, 2, 2, 3, 5)))]
    name = draw.choice(("/", "/", "/", "/", "\\", "//")).join(pieces)
    if draw.randrange(12) == 0:
        name += "/"
    if draw.randrange(25) == 0:
        name = draw.choice(("/", "./", "//", "../")) + name
    return name.encode("utf-8", "surrogatepass")


def _odd(draw: random.Random) -> dict[str, Any]:
    data = draw.choice((b"", b"x", b"x", b"x" * 5000))
    odd: dict[str, Any] = {"data": data, "attributes": REGULAR}
    how = draw.randrange(30)
    if how == 0:
        odd["attributes"] = draw.choice((0, 0o120777, 0o010644, 0o040755, 0o100000)) << 16
    elif how == 1:
        odd["flags"] = draw.choice((0, 0x1, DESCRIPTOR, 0xFFFF))
    elif how == 2:
        odd["method"] = draw.choice((STORED, DEFLATED, 12, 99))
    elif how == 3:
        odd["size"] = draw.choice((0, 1, 2**31, 2**32 - 1))
    return odd


def go_through(seed: int, number: int, worst: Worst) -> str:
    """Send a zip through; return `read`, or `refused` where a sentence says why.

    Raises:
        Fault: what came of it is neither.
    """
    return taken(entries(seed, number), worst)


def taken(data: bytes, worst: Worst) -> str:
    """Take a zip in, and lay its files out for a kernel."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, _in_this_process():
        folder = Path(name)
        (folder / "jdoe.zip").write_bytes(data)
        with worst.of():
            try:
                submission = read_submission(folder / "jdoe.zip", folder / "files")
            except SubmissionError as error:
                _sentence(str(error))
                return "refused"
            shutil.copytree(folder / "files", folder / "kept")
            for note in submission.notes:
                _sentence(note.message)
            from_json(Submission, to_json(submission), where="record")
            _laid_out(submission, folder)
        if {one.name for one in folder.iterdir()} != {"jdoe.zip", "files", "kept", "run"}:
            raise Fault(f"files beside the folder: {sorted(folder.iterdir())}")
    return "read"


@lru_cache(maxsize=1)
def _bundle() -> Bundle:
    """A bundle's names, with next to nothing in them."""
    root = Path(tempfile.mkdtemp(prefix="fuzz-bundle-"))
    for name in (*(f"files/{one}" for one in COURSE), f"torch/{CHECKPOINT}"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"course")
    return Bundle(name="studio-narrow", root=root, in_features=256, width_divisor=8)


def _laid_out(submission: Submission, folder: Path) -> None:
    """Fill a work folder as a kernel's is; raise a fault where a file is not as it must be."""
    bundle, root = _bundle(), folder / "run"
    course = workspace._course_files(bundle)
    kept, left_out = workspace.files_for_kernel(submission.other_files, course)
    if len(kept) + len(left_out) != len(submission.other_files):
        raise Fault("files were lost")
    made = workspace._workspace(root, bundle, bundle.root, threads=1, boxed=False)
    for one in (made.stage, made.settings, Path(made.work)):
        one.mkdir(parents=True)
    workspace._copy_submission(folder / "files", kept, made.stage)
    workspace._readable(made.stage)
    fill([list(one) for one in made.copies], [list(one) for one in made.links])
    work = Path(made.work)
    for name in (*COURSE, f".cache/torch/{CHECKPOINT}"):
        if not (work / name).is_file():
            raise Fault(f"{name} is not there")
    for name in kept:
        if (work / name).read_bytes() != (folder / "files" / name).read_bytes():
            raise Fault(f"{name} is not what was handed in")
    if (work / ".cache/torch" / CHECKPOINT).read_bytes() != b"course":
        raise Fault("the checkpoint is not the course's")
