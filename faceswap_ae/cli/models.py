"""How does `faceswap-ae models` list models, trainers and recipes, and check one of your own?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.terminal import Session

app = typer.Typer(invoke_without_command=True)


@app.callback()
def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object.")] = False,
) -> None:
    """List models with sizes, parameters and cost per face; trainers; recipes.

    \b
    faceswap-ae models
    faceswap-ae models --plugins mine        and those of a folder of yours
    faceswap-ae models check mine/models/small.py      does a file keep the contract
    """
    if context.invoked_subcommand is not None:
        return
    from faceswap_ae.common import plugins
    from faceswap_ae.networks import catalogue
    from faceswap_ae.training.recipe import list_recipes

    session: Session = context.obj
    with session.progress("models", len(plugins.names("models"))) as advance:
        found = list(catalogue.list_models(advance))
    trainers = catalogue.list_trainers()
    if as_json:
        told = {"models": [vars(one) for one in found], "trainers": trainers}
        typer.echo(json.dumps({**told, "recipes": list_recipes()}, indent=2))
        return
    typer.echo(f"{'model':14} {'pixels':>9} {'parameters':>11} {'GMAC/swap':>9}")
    for one in found:
        pixels, millions = f"{one.size_in}>{one.size_out}", f"{one.parameters / 1e6:.1f} M"
        typer.echo(f"{one.name:14} {pixels:>9} {millions:>11} {one.gmac:>9.2f}  {one.purpose}")
    for name, purpose in trainers.items():
        typer.echo(f"trainer {name}: {purpose}")
    typer.echo(f"recipes: {', '.join(list_recipes())}")


@app.command()
def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file in a folder models/ or trainers/.")],
) -> None:
    """Check that a model or trainer of your own keeps its contract: shapes, weights, two steps.

    Nothing is trained on faces and nothing is kept. Ends with status 2 at the first fault, which is
    named with the file's line and with what the contract asks.

    \b
    faceswap-ae models check mine/models/small.py
    faceswap-ae models check mine/trainers/plain.py
    """
    from faceswap_ae.runtime.backend import load_keras

    load_keras()
    from faceswap_ae.training.plugin_check import check_plugin

    session: Session = context.obj
    for truth in check_plugin(file):
        if not session.quiet:
            typer.echo(f"ok: {truth}")
    typer.echo(f"{file}: keeps its contract")
