"""`convert`: how does a run put its face into clips and photos?"""

import os
from pathlib import Path

from faceswap_ae.common.errors import UserError
from faceswap_ae.interface.arguments import (
    AnyPath,
    Device,
    Numbers,
    Paths,
    Time,
    as_numbers,
    as_path,
    as_paths,
    as_text,
    as_texts,
    check_range,
)
from faceswap_ae.interface.calls import public
from faceswap_ae.interface.process import choose_device_once, one_opencv_thread
from faceswap_ae.interface.progress_bars import ProgressFunction, choose_display
from faceswap_ae.interface.results import ConvertedFile, ConvertResult


@public
def convert(
    inputs: Paths,
    run: Paths = (),
    out: AnyPath | None = None,
    *,
    face: AnyPath | None = None,
    reverse: bool = False,
    everyone: bool = False,
    only: Numbers = (),
    spare: Paths = (),
    colour: str | None = None,
    amount: float = 1.0,
    mask: AnyPath = "learned",
    erode: float = 0.01,
    feather: float = 0.06,
    blend: str = "laplacian",
    sharpen: float = 0.0,
    motion_blur: bool = True,
    grain: bool = True,
    scale: float = 1.0,
    smooth: str = "rts",
    start: Time | None = None,
    end: Time | None = None,
    frames: str | None = None,
    cut: bool = False,
    still: Time | None = None,
    view: str = "result",
    detector: str = "auto",
    codec: str = "h264",
    crf: int = 18,
    preset: str = "veryfast",
    keep_going: bool = False,
    watermark: bool = True,
    sign: bool = True,
    certificate: AnyPath | None = None,
    overwrite: bool = False,
    gpu: Device | None = None,
    data: AnyPath = "data",
    runs: AnyPath = "runs",
    progress: bool | ProgressFunction = True,
) -> ConvertResult:
    """Put a face onto the performance in clips and photos, with their sound.

    The face is made by a trained run, or without any training from a folder of faces. Stopped,
    it goes on where it was. What it did to each frame stands in OUT.json, and the output says of
    itself that it was altered. Only for people who agreed.

    >>> convert("clips/ada/clip.mp4", "ben-onto-ada", "swap.mp4", colour="mkl")
    swap.mp4: 8 of 8 frames with a new face
    >>> convert("clips/ada/clip.mp4", out="instant.mp4", face="data/ben")
    instant.mp4: 8 of 8 frames with a new face

    Args:
        inputs: Videos, photos, folders, globs, GIFs.
        run: The trained run; two for two people in a scene.
        out: .mp4, .mov, .mkv, .gif; .png of a photo; a folder.
        face: Instead of a run: a face folder, whose pictures are used without training.
        reverse: The other way round, by the same run.
        everyone: Swap every face, not only the run's person.
        only: Swap this track of the report, or several.
        spare: A photo of somebody who is left alone, or several.
        colour: tint, light, mkl, reinhard, lct, histogram, idt, sot, adain, average, none: how the
            face gets the frame's colours. Unsaid, tint for a run, light for pictures.
        amount: Of the colours: 0 to 1.
        mask: learned, hull, learned-and-hull, or a picture of one.
        erode: Draw the mask in, share of the face.
        feather: Soften its edge, share of the face.
        blend: laplacian, feather, poisson, poisson-stable, none.
        sharpen: 0 none, 1 strong.
        motion_blur: As the frame has it.
        grain: As the frame has it.
        scale: Of the face: .5 to 2.
        smooth: rts, kalman, savgol, ema, none: how places are made steady.
        start: Swap from here on: 4.2s, 1:02.5.
        end: Swap up to here.
        frames: Swap frames from 0: 100-200.
        cut: Leave out what is not swapped by these.
        still: One frame only, as a .png: the time, as 4.2s.
        view: result, side, mask, triptych, or all, each in its file.
        detector: auto, blaze, cnn, hog or mtcnn.
        codec: h264, prores, ffv1; png: a folder.
        crf: h264: 0 perfect to 51 poor.
        preset: h264: ultrafast to veryslow.
        keep_going: Pass over damage.
        watermark: An invisible mark in the pixels, which outlives encoding and scaling.
        sign: A signed statement in the file (Content Credentials), with the extra `marks`.
        certificate: PEM with your chain and key, for signing; else one is made at first use.
        overwrite: Replace a file at OUT, though it is none of our outputs.
        gpu: Which GPU: 0, 1, or cpu.
        data: Where the face folders are.
        runs: Where training runs are.
        progress: A bar; False is none; or a function of a task, the share done, and words.
    """
    from faceswap_ae.media.span import parse_span, parse_time
    from faceswap_ae.training.runs.run import find_run

    check_range(0, 51, crf=crf)
    if out is None:
        raise UserError("convert: name the output; try -o swap.mp4")
    clips, place, painted = as_paths(inputs), Path(out), _painted(mask)
    moment = None if still is None else parse_time(as_text(still) or "")
    if moment is not None and len(clips) != 1:
        raise UserError(f"--still: is of one clip, not of {len(clips)}")
    trained = tuple(find_run(one, *as_paths(runs)) for one in as_texts(run))
    span = parse_span(as_text(start), as_text(end), frames)
    choose_device_once(gpu)
    from faceswap_ae.conversion import convert as conversion
    from faceswap_ae.conversion.assignment import SwapRequest
    from faceswap_ae.conversion.compositor import CompositeOptions
    from faceswap_ae.conversion.converter import Converter, ConvertOptions
    from faceswap_ae.conversion.stills import render_still
    from faceswap_ae.faces.detection.scan import ScanOptions
    from faceswap_ae.marks.seal import MarkOptions
    from faceswap_ae.media.clip import open_clip
    from faceswap_ae.media.codecs import Encoding

    options = ConvertOptions(
        runs=trained,
        data=as_paths(data)[0],
        reverse=reverse,
        wanted=SwapRequest(everyone, as_numbers(only), as_paths(spare)),
        scan=ScanOptions(detector, keep_going=keep_going),
        smooth=smooth,
        style=CompositeOptions(
            colour=colour or ("tint" if face is None else "light"),
            amount=amount,
            mask="image" if painted else os.fspath(mask),
            erode=erode,
            feather=feather,
            blend=blend,
            sharpen=sharpen,
            motion_blur=motion_blur,
            grain=grain,
            scale=scale,
        ),
        painted=painted,
        span=span,
        cut=cut,
        view=view,
        encoding=Encoding("h264" if codec == "png" else codec, crf, preset),
        frames=codec == "png",
        marks=MarkOptions(watermark, sign, as_path(certificate)),
        overwrite=overwrite,
        source=None if face is None else _folder(face, as_paths(data)[0]),
    )
    shown = choose_display(progress).progress
    with one_opencv_thread():
        if moment is not None:
            clip = open_clip(clips[0])
            return ConvertResult(render_still(Converter(options, shown), clip, moment, place))
        done, failures = conversion.convert(clips, place, options, shown)
    files = [
        ConvertedFile(one.source, one.outputs, one.frames, one.swapped, dict(one.reasons))
        for one in done
    ]
    return ConvertResult(place, files, [failure.reason for failure in failures])


def _folder(face: AnyPath, data: Path) -> Path:
    """The face folder of a path, or of a person's name."""
    named = Path(face)
    return named if named.exists() or not (data / named).exists() else data / named


def _painted(mask: AnyPath) -> Path | None:
    """The picture of a mask; None if `mask` is the name of a way to make one."""
    from faceswap_ae.conversion.compositing.masks import MASK

    if os.fspath(mask) == "image":
        raise UserError("--mask image: name the picture itself")
    path = Path(mask)
    return path if os.fspath(mask) not in MASK and path.is_file() else None
