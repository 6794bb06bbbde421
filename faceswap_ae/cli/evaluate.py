"""How does `faceswap-ae evaluate` measure how good a finished swap is (metrics)?"""

import json
from typing import Annotated, Any

import typer

from faceswap_ae.cli.options import call, options_of
from faceswap_ae.cli.terminal import Session
from faceswap_ae.interface.evaluate_swap import evaluate


@options_of(evaluate, ("result",), out="--out -o")
def run(
    context: typer.Context,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="All figures as JSON, and a page only with --out.")
    ] = False,
    **given: Any,
) -> None:
    """Measure a swap: whose face it is, how well it performs, how steady it is.

    Each figure stands beside its noise floor. A page to look at is written: a filmstrip, the worst
    frames and why, curves over time.

    \b
    faceswap-ae evaluate swap.mp4 --face ben.mp4 --onto ada.mp4
    faceswap-ae evaluate swap.mp4 --face ben --onto ada.mp4 -o page.html
    faceswap-ae evaluate swap.mp4 --face clips/ben --onto clips/play --truth clips/answer --json
    """
    session: Session = context.obj
    page = not as_json or given["out"] is not None
    found = call(evaluate, session, given, page=page)
    if as_json:
        typer.echo(json.dumps(found.metrics, indent=1, allow_nan=False))
        return
    for line in found.lines:
        typer.echo(line)
