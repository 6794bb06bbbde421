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
    """Show what this release does, on a clip made here.

    \b
    faceswap-ae demo
    faceswap-ae demo -o /tmp/demo --seconds 3
    """
    typer.echo("faceswap_ae demo: the way of a frame, on a clip drawn here")
    from faceswap_ae.demo import show

    session: Session = context.obj
    shown = show(out, seconds, session)
    typer.echo(f"original      {shown.clip}  ({shown.frames} frames at a varying rate, with sound)")
    typer.echo(f"result        {shown.result}  (marker cropped, changed, laid back)")
    typer.echo(f"side by side  {shown.side}, {shown.gif}")
    typer.echo(f"frame times   {'all equal, exactly' if shown.times_equal else 'DIFFER'}")
    typer.echo(f"sound         {'equal, byte for byte' if shown.sound_equal else 'DIFFERS'}")
    typer.echo(f"elsewhere     {shown.untouched_error:.2f} of 255 levels off, by encoding anew")
    typer.echo(
        "Not in this release yet: finding faces, training, swapping, measuring a swap. "
        "The demo grows with them."
    )
    if not (shown.times_equal and shown.sound_equal):
        raise typer.Exit(1)
