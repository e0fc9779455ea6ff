"""Options that several verbs of the `grader` command share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.model.records import Limits
from grader.sandbox.tiers import Wish

DEFAULT_LIMITS = Limits()

Zip = Annotated[Path, typer.Argument(help="The submission, named (kerberos).zip.", metavar="ZIP")]
Kerberos = Annotated[
    str, typer.Option("--kerberos", "-k", help="Your kerberos name, such as jdoe.")
]
Course = Annotated[
    str | None,
    typer.Option(
        "--course", "--variant", help="One of the offering's courses; the last one by default."
    ),
]
Submitted = Annotated[
    str | None,
    typer.Option(help="Submission time, such as 2021-04-02T10:00 (Eastern time)."),
]
BundleName = Annotated[
    str, typer.Option(help="Weights and pictures: studio, studio-narrow, or imagenet.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, or cuda.")]
Out = Annotated[Path, typer.Option(help="Results are written to OUT/<kerberos>/.")]
AssignmentName = Annotated[str, typer.Option(help="Offering: a name, its folder, or a .toml file.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the hidden inputs; random by default.")]
Threads = Annotated[int | None, typer.Option(help="CPU threads for the notebook.", min=1)]
CellTimeout = Annotated[float, typer.Option(help="Time limit of a cell, in seconds.", min=1)]

Exact = Annotated[
    bool, typer.Option("--exact", help="Compute ResNet-50 by torchvision's own, slower code.")
]

NoPdf = Annotated[
    bool,
    typer.Option(
        "--no-pdf", help="Leave out feedback.pdf; the next call without this writes them."
    ),
]
Store = Annotated[
    str | None,
    typer.Option(help="Database instead of SQLite, such as postgresql+psycopg://host/db."),
]
Isolation = Annotated[
    Wish,
    typer.Option(help="auto: the strongest available; require: only in a sandbox; process: none."),
]

Scheduler = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler, such as tcp://host:8786.")
]
Folders = Annotated[
    list[Path],
    typer.Argument(help="Results folders of students (results/kerberos) or a class."),
]
