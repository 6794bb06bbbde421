"""How does `faceswap-ae swap` make a swap from two clips in one go?"""

import time
from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.terminal import Session
from faceswap_ae.common.quantities import format_duration


def run(
    context: typer.Context,
    face: Annotated[Path, typer.Option(help="A clip of whose face is wanted.")],
    onto: Annotated[Path, typer.Option(help="The clip onto which it goes.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The result: .mp4, .mov or .mkv.")],
    changes: Annotated[
        list[str] | None, typer.Argument(help="key=value, over what the recipe says.")
    ] = None,
    recipe: Annotated[str, typer.Option(help="A recipe's name, or a .yaml file.")] = "quick",
    minutes: Annotated[float | None, typer.Option(help="Of training.")] = None,
    steps: Annotated[int | None, typer.Option(help="Instead of minutes, or beside them.")] = None,
    truth: Annotated[
        Path | None, typer.Option(help="The folder of the exact answer, of synth --as-if.")
    ] = None,
    device: Annotated[str | None, typer.Option("--gpu", help="Which GPU: 0, 1, or cpu.")] = None,
) -> None:
    """Extract, train, convert and evaluate in one go. Only for people who agreed.

    Stopped anywhere, the same command goes on there. All its work lies in OUT.work/, with a
    report to look at and a log; a longer --minutes trains on and makes the result anew.

    \b
    faceswap-ae swap --face ben.mp4 --onto ada.mp4 -o swap.mp4
    faceswap-ae swap --face ben.mp4 --onto ada.mp4 -o swap.mp4 --minutes 60
    """
    from faceswap_ae.runtime import devices

    devices.choose_device(device)  # before anything loads Keras
    from faceswap_ae.pipelines.swap import Swap, swap

    session: Session = context.obj
    begin = time.monotonic()
    wanted = Swap(
        face,
        onto,
        out,
        recipe=recipe,
        changes=tuple(changes or ()),
        minutes=minutes,
        steps=steps,
        truth=truth,
    )
    done = swap(wanted, session.progress, session.status)
    if not session.quiet:
        typer.echo(f"{done.out}: {done.metrics['verdict']}")
        typer.echo(f"{done.out}: done in {format_duration(time.monotonic() - begin)}")
        typer.echo(f"{done.report}: how good it is, to look at")
