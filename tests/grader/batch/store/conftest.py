"""A real PostgreSQL of the system's packages, started for the tests where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of an empty server's database, up to the name of the database."""
    if not BINARIES:
        pytest.skip("no PostgreSQL in /usr/lib/postgresql")
    programs = BINARIES[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_user = []
    if os.getuid() == 0:  # the server refuses to be root
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    data = str(folder / "data")

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, cwd="/")

    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    run(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "tests", "--no-sync")
    run(
        str(programs / "pg_ctl"),
        "-D",
        data,
        "-w",
        "-l",
        str(folder / "log"),
        "-o",
        options,
        "start",
    )
    try:
        yield f"postgresql+psycopg://tests@/{{}}?host={folder}"
    finally:
        run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """URL of an empty database: None for SQLite in the results folder."""
    if request.param == "sqlite":
        yield None
        return
    server: str = request.getfixturevalue("postgresql")
    name = f"d{abs(hash(request.node.nodeid))}"
    engine = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    yield server.format(name)
