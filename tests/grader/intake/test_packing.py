"""`grader pack`: the zip that the handout asks for, and nothing that intake would refuse."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from grader.intake.packing import check_kerberos, choose_files, write_zip
from reference.errors import ConfigError
from tests import factories


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A student's folder after a day of work."""
    folder = tmp_path / "pset4"
    (folder / "figures").mkdir(parents=True)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "results" / "jdoe").mkdir(parents=True)
    cells = [
        factories.code_cell("import helpers\n"),
        factories.markdown_cell("![](figures/dog.png)"),
    ]
    (folder / "pset4.ipynb").write_bytes(factories.notebook_bytes(cells))
    (folder / "report.pdf").write_bytes(factories.pdf_bytes(2))
    made = ("helpers.py", "figures/dog.png", "notes.txt", "old.zip", "resnet.pth", "corgi.jpeg")
    hidden = (".ipynb_checkpoints/pset4-checkpoint.ipynb", "results/jdoe/executed.ipynb")
    for name in (*made, *hidden):
        (folder / name).write_text("x")
    return folder


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_a_folder_becomes_the_zip_of_its_student(home: Path, tmp_path: Path) -> None:
    chosen = choose_files(home, ("corgi.jpeg",))
    packed = write_zip(chosen, "jdoe", tmp_path / "out")
    wanted = {"pset4.ipynb", "report.pdf", "helpers.py", "figures/dog.png", "notes.txt"}
    assert packed.path == tmp_path / "out" / "jdoe.zip"
    assert names(packed.path) == set(packed.names) == wanted
    assert {file.name for file in chosen.left_out} == {"old.zip", "resnet.pth", "corgi.jpeg"}
    assert [path.name for path in packed.path.parent.iterdir()] == ["jdoe.zip"]


def test_of_a_notebook_s_folder_only_what_it_names_goes_in(home: Path, tmp_path: Path) -> None:
    packed = write_zip(choose_files(home / "pset4.ipynb"), "jdoe", tmp_path)
    assert names(packed.path) == {"pset4.ipynb", "report.pdf", "helpers.py", "figures/dog.png"}


def test_another_report_takes_the_place_of_none(home: Path, tmp_path: Path) -> None:
    (home / "report.pdf").rename(tmp_path / "made.pdf")
    chosen = choose_files(home)
    assert chosen.report is None
    assert "report.pdf" in write_zip(chosen, "jdoe", tmp_path, report=tmp_path / "made.pdf").names
    assert "report.pdf" not in write_zip(chosen, "jdoe", tmp_path).names


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("pset4.ipynb", b"{}", "pset4.ipynb: expected a notebook, found JSON"),
        ("pset4.ipynb", factories.notebook_bytes([factories.markdown_cell("x")]), "no code in it"),
        ("report.pdf", b"%PDF", "damaged or not a PDF"),
    ],
)
def test_what_intake_would_refuse_is_refused_and_nothing_is_written(
    home: Path, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (home / name).write_bytes(content)
    (tmp_path / "jdoe.zip").write_text("an older one")
    with pytest.raises(ConfigError, match=sentence):
        write_zip(choose_files(home), "jdoe", tmp_path)
    assert (tmp_path / "jdoe.zip").read_text() == "an older one"


def test_one_notebook_and_a_real_name_are_asked_for(home: Path, tmp_path: Path) -> None:
    (home / "scratch.ipynb").write_text("{}")
    with pytest.raises(ConfigError, match=r"found 2 \(pset4.ipynb, scratch.ipynb\); name the one"):
        choose_files(home)
    with pytest.raises(ConfigError, match="found none"):
        choose_files(home / "figures")
    with pytest.raises(ConfigError, match="no such file"):
        choose_files(tmp_path / "nowhere")
    assert check_kerberos("JDoe") == "jdoe"
    for wrong in ("", "j doe", "../jdoe", "jdoe (1)"):
        with pytest.raises(ConfigError, match="--kerberos: expected your kerberos name"):
            check_kerberos(wrong)


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta/history"])
def test_an_environment_beside_the_notebook_is_passed_over(home: Path, mark: str) -> None:
    before = choose_files(home), choose_files(home / "pset4.ipynb")
    for name in (mark, "lib/python3.11/site-packages/PIL/Image.py", "lib/helpers.py"):
        file = home / "check" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert (choose_files(home), choose_files(home / "pset4.ipynb")) == before
