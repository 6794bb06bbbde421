"""How does `faceswap-ae demo` swap the faces of two synthetic people, and measure the result?

The people do not exist, so the exact answer (ground truth) is known.
"""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.terminal import Session


def run(
    context: typer.Context,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the files.")] = Path("demo"),
    minutes: Annotated[float, typer.Option(min=0.01, help="Of training.")] = 4.0,
    seconds: Annotated[
        int, typer.Option(min=2, max=60, help="Of film to learn from; the swap has two thirds.")
    ] = 12,
) -> None:
    """Film two people of the cast, put the face of the one onto the other, and measure it.

    \b
    faceswap-ae demo
    faceswap-ae demo -o /tmp/demo --minutes 30
    """
    typer.echo("faceswap_ae demo: ben's face put onto ada, who do not exist")
    from faceswap_ae.runtime import devices

    session: Session = context.obj
    devices.choose_device(None)
    from faceswap_ae.evaluation.evaluate import format_evaluation
    from faceswap_ae.pipelines.demo import run_demo

    shown = run_demo(out, minutes, seconds, session.progress, session.status)
    for line in format_evaluation(shown.metrics):
        typer.echo(line)
    typer.echo(f"the swap      {shown.swap}")
    typer.echo(f"side by side  {shown.side}")
    typer.echo(f"the report    {shown.report}")
