"""`faceswap-ae demo`: what works so far, shown."""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.terminal import Session


def run(
    context: typer.Context,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the files.")] = Path("demo"),
    seconds: Annotated[int, typer.Option(min=1, max=60, help="Length of the clip.")] = 6,
) -> None:
    """Show what this release does, on people who do not exist.

    \b
    faceswap-ae demo
    faceswap-ae demo -o /tmp/demo --seconds 3
    """
    typer.echo("faceswap_ae demo: the way of a frame, on synthetic people")
    from faceswap_ae.demo import show

    session: Session = context.obj
    shown = show(out, seconds, session)
    typer.echo(f"ada           {shown.clip}  ({shown.frames} frames, with sound and truth)")
    typer.echo(f"the answer    {shown.answer}  (ben's face on ada's head: what a swap should give)")
    typer.echo(f"result        {shown.result}  (the answer's face, cropped and laid back)")
    typer.echo(f"side by side  {shown.side}")
    typer.echo(f"frame times   {'all equal, exactly' if shown.times_equal else 'DIFFER'}")
    typer.echo(f"sound         {'equal, byte for byte' if shown.sound_equal else 'DIFFERS'}")
    typer.echo(f"around it     {shown.outside_error:.2f} of 255 levels off ada, by encoding anew")
    typer.echo(f"in the face   {shown.inside_error:.2f} levels off the answer, by the way there")
    typer.echo(
        "Not in this release yet: finding faces, training, swapping, measuring a swap. "
        "The demo grows with them."
    )
    if not (shown.times_equal and shown.sound_equal):
        raise typer.Exit(1)
