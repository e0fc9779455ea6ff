from __future__ import annotations

from pathlib import Path

import typer

from reference.studio import zoo as zoo_stage

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Draw, train and rate the networks of the studio bundle."""


@app.command()
def zoo(
    threads: int = typer.Option(2, min=1, help="Threads of torch, and processes that draw."),
    docs: Path = typer.Option(Path("docs"), help="Folder of the model card and its pictures."),
) -> None:
    """Retrain both networks from nothing and write weights, corgi and model card."""
    zoo_stage.make_zoo(docs=docs, threads=threads)


if __name__ == "__main__":
    app()
