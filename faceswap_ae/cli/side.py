"""How does `faceswap-ae side` write clips side by side, with names?"""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.options import Overwrite
from faceswap_ae.cli.terminal import Session


def run(
    context: typer.Context,
    clips: Annotated[list[Path], typer.Argument(help="Two or more videos.")],
    out: Annotated[Path, typer.Option("-o", "--out", help=".mp4, .mov or .mkv.")],
    names: Annotated[str | None, typer.Option(help="Comma-separated; else the file names.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write clips beside each other, each with its name, with the first one's sound.

    \b
    faceswap-ae side ada.mp4 swap.mp4 -o side.mp4 --names original,result
    """
    from faceswap_ae.media.montage import side_by_side
    from faceswap_ae.media.ownership import check_may_replace

    session: Session = context.obj
    said = [name.strip() for name in names.split(",")] if names else [clip.stem for clip in clips]
    check_may_replace(out, overwrite=overwrite)
    with session.progress("side", 0) as advance:
        side_by_side(clips, said, out, lambda count, _: advance(count))
