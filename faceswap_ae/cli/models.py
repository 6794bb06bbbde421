"""How does `faceswap-ae models` list models, trainers and recipes, with sizes and costs?"""

import json
from typing import Annotated

import typer

from faceswap_ae.cli.terminal import Session


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object.")] = False,
) -> None:
    """List models with sizes, parameters and cost per face; trainers; recipes.

    \b
    faceswap-ae models
    faceswap-ae models --plugins mine        and those of a folder of yours
    """
    from faceswap_ae.common import plugins
    from faceswap_ae.networks import catalogue
    from faceswap_ae.training.recipe import list_recipes

    session: Session = context.obj
    with session.progress("models", len(plugins.names("models"))) as advance:
        found = list(catalogue.list_models(advance))
    trainers = {
        name: catalogue.purpose(plugins.load("trainers", name))
        for name in plugins.names("trainers")
    }
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
