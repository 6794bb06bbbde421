"""How does `faceswap-ae tune` show the choices of conversion before the user makes one?"""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.options import Overwrite
from faceswap_ae.cli.terminal import Session


def run(
    context: typer.Context,
    clip: Annotated[Path, typer.Argument(help="The video or photo.")],
    name: Annotated[str, typer.Option("--run", help="The trained run.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture: .png or .jpg.")] = Path(
        "tune.png"
    ),
    count: Annotated[int, typer.Option("--frames", min=1, max=12, help="How many.")] = 2,
    everyone: Annotated[bool, typer.Option("--everyone", help="Whoever is there.")] = False,
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a picture of every colour, mask, blend and edge on a few frames of a clip.

    Under each stands the option of convert that gives it; the defaults are framed.

    \b
    faceswap-ae tune ada.mp4 --run ben-onto-ada
    """
    from faceswap_ae.media.ownership import check_may_replace
    from faceswap_ae.runtime import devices
    from faceswap_ae.training.runs.run import find_run

    session: Session = context.obj
    trained = find_run(name, session.runs)
    check_may_replace(out, overwrite=overwrite)
    devices.choose_device("cpu")  # enough for a few frames
    from faceswap_ae.conversion.assignment import SwapRequest
    from faceswap_ae.conversion.converter import Converter, ConvertOptions
    from faceswap_ae.conversion.tuning import draw_choices
    from faceswap_ae.media import images
    from faceswap_ae.media.clip import open_clip

    options = ConvertOptions((trained,), session.data, reverse, SwapRequest(everyone=everyone))
    images.write(out, draw_choices(Converter(options, session.progress), open_clip(clip), count))
    told = f"faceswap-ae convert {clip} -o tuned.mp4 --run {name}"
    typer.echo(f"{out}: look at it, then {told} and the option under the picture you like")
