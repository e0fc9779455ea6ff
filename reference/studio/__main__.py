from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reference.studio import zoo as zoo_stage

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Draw, train and rate the networks of the studio bundle."""


@app.command()
def zoo(
    threads: Annotated[
        int, typer.Option(min=1, help="Threads of torch, and processes that draw.")
    ] = 2,
    docs: Annotated[Path, typer.Option(help="Folder of the model card and its pictures.")] = Path(
        "docs"
    ),
    retrain: Annotated[
        bool, typer.Option(help="Train; otherwise rate the weights that are there.")
    ] = True,
) -> None:
    """Retrain both networks from nothing and write weights, corgi and model card."""
    zoo_stage.make_zoo(zoo_stage.Plan(docs=docs, threads=threads, retrain=retrain))


if __name__ == "__main__":
    app()
