"""How does `faceswap-ae convert` put a run's face into clips and photos?"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faceswap_ae.cli.terminal import Session
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.quantities import format_duration

if TYPE_CHECKING:
    from faceswap_ae.conversion.report import ConvertedClip


def run(
    context: typer.Context,
    inputs: Annotated[list[Path], typer.Argument(help="Videos, photos, folders, globs, GIFs.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help=".mp4, .mov, .mkv, .gif; .png of a photo; a folder."),
    ],
    runs: Annotated[
        list[str], typer.Option("--run", help="The trained run; two for two people in a scene.")
    ],
    reverse: Annotated[
        bool, typer.Option("--reverse", help="The other way round, by the same run.")
    ] = False,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="Swap every face, not only the run's person.")
    ] = False,
    only: Annotated[
        list[int] | None, typer.Option(help="Swap this track of the report; repeatable.")
    ] = None,
    spared: Annotated[
        list[Path] | None,
        typer.Option("--not", help="A photo of somebody who is left alone; repeatable."),
    ] = None,
    colour: Annotated[
        str,
        typer.Option(
            help="tint, mkl, reinhard, lct, histogram, idt, sot, adain, average, none: how the "
            "face gets the frame's colours."
        ),
    ] = "tint",
    amount: Annotated[float, typer.Option(help="Of the colours: 0 to 1.")] = 1.0,
    mask: Annotated[
        str, typer.Option(help="learned, hull, learned-and-hull, or a picture of one.")
    ] = "learned",
    erode: Annotated[float, typer.Option(help="Draw the mask in, share of the face.")] = 0.01,
    feather: Annotated[float, typer.Option(help="Soften its edge, share of the face.")] = 0.06,
    blend: Annotated[
        str, typer.Option(help="laplacian, feather, poisson, poisson-stable, none.")
    ] = "laplacian",
    sharpen: Annotated[float, typer.Option(help="0 none, 1 strong.")] = 0.0,
    motion_blur: Annotated[
        bool, typer.Option("--motion-blur/--no-motion-blur", help="As the frame has it.")
    ] = True,
    grain: Annotated[bool, typer.Option("--grain/--no-grain", help="As the frame has it.")] = True,
    scale: Annotated[float, typer.Option(help="Of the face: .5 to 2.")] = 1.0,
    smooth: Annotated[
        str, typer.Option(help="rts, kalman, savgol, ema, none: how places are made steady.")
    ] = "rts",
    start: Annotated[str | None, typer.Option(help="Swap from here on: 4.2s, 1:02.5.")] = None,
    end: Annotated[str | None, typer.Option(help="Swap up to here.")] = None,
    frames: Annotated[str | None, typer.Option(help="Swap frames from 0: 100-200.")] = None,
    cut: Annotated[
        bool, typer.Option("--cut", help="Leave out what is not swapped by these.")
    ] = False,
    still: Annotated[
        str | None, typer.Option(help="One frame only, as a .png: the time, as 4.2s.")
    ] = None,
    view: Annotated[
        str, typer.Option(help="result, side, mask, triptych, or all, each in its file.")
    ] = "result",
    detector: Annotated[str, typer.Option(help="auto, cnn, hog or mtcnn.")] = "auto",
    codec: Annotated[str, typer.Option(help="h264, prores, ffv1; png: a folder.")] = "h264",
    crf: Annotated[int, typer.Option(min=0, max=51, help="h264: 0 perfect to 51 poor.")] = 18,
    preset: Annotated[str, typer.Option(help="h264: ultrafast to veryslow.")] = "veryfast",
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Pass over damage.")] = False,
    device: Annotated[str | None, typer.Option("--gpu", help="Which GPU: 0, 1, or cpu.")] = None,
) -> None:
    """Put a run's face onto the performance in clips and photos, with their sound.

    Stopped, it goes on where it was. What it did to each frame stands in OUT.json, and the output
    says of itself that it was altered. Only for people who agreed.

    \b
    faceswap-ae convert ada.mp4 -o swap.mp4 --run ben-onto-ada
    faceswap-ae convert ada.mp4 -o look.png --run ben-onto-ada --still 4.2s --view triptych
    faceswap-ae convert day1/*.mp4 -o swapped/ --run ben-onto-ada
    faceswap-ae convert duet.mp4 -o two.mp4 --run ben-onto-ada --run emil-onto-carl
    """
    import cv2

    from faceswap_ae.runtime import devices

    cv2.setNumThreads(1)  # stages run in parallel; OpenCV's threads get in their way
    devices.choose_device(device)  # before anything loads Keras
    from faceswap_ae.conversion.assignment import SwapRequest
    from faceswap_ae.conversion.compositing.masks import MASK
    from faceswap_ae.conversion.compositor import CompositeOptions
    from faceswap_ae.conversion.convert import convert
    from faceswap_ae.conversion.converter import Converter, ConvertOptions
    from faceswap_ae.conversion.stills import render_still as one_frame
    from faceswap_ae.faces.detection.scan import ScanOptions
    from faceswap_ae.media.clip import open_clip
    from faceswap_ae.media.codecs import Encoding
    from faceswap_ae.media.span import parse_span, parse_time
    from faceswap_ae.training.runs.run import find_run

    session: Session = context.obj
    begin = time.monotonic()
    painted = Path(mask) if mask not in MASK and Path(mask).is_file() else None
    if mask == "image":
        raise UserError("--mask image: name the picture itself")
    moment = None if still is None else parse_time(still)
    options = ConvertOptions(
        runs=tuple(find_run(one, session.runs) for one in runs),
        data=session.data,
        reverse=reverse,
        wanted=SwapRequest(everyone, tuple(only or ()), tuple(spared or ())),
        scan=ScanOptions(detector, keep_going=keep_going),
        smooth=smooth,
        style=CompositeOptions(
            colour=colour,
            amount=amount,
            mask="image" if painted else mask,
            erode=erode,
            feather=feather,
            blend=blend,
            sharpen=sharpen,
            motion_blur=motion_blur,
            grain=grain,
            scale=scale,
        ),
        painted=painted,
        span=parse_span(start, end, frames),
        cut=cut,
        view=view,
        encoding=Encoding("h264" if codec == "png" else codec, crf, preset),
        frames=codec == "png",
    )
    if moment is not None:
        if len(inputs) != 1:
            raise UserError(f"--still: is of one clip, not of {len(inputs)}")
        clip = open_clip(inputs[0])
        typer.echo(one_frame(Converter(options, session.progress), clip, moment, out))
        return
    done, failures = convert(inputs, out, options, session.progress)
    if not session.quiet:
        for one in done:
            _print_clip(one)
        typer.echo(f"{format_duration(time.monotonic() - begin)} in all")
    if failures:
        raise UserError(f"{len(failures)} of the inputs gave trouble, as told above")


def _print_clip(done: "ConvertedClip") -> None:
    names = ", ".join(str(path) for path in done.outputs)
    typer.echo(f"{names}: {done.swapped} of {done.frames} frames with a new face")
    for reason, count in done.reasons.most_common():
        typer.echo(f"  left alone: {count} faces, {reason}")
