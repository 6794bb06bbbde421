"""How does `faceswap-ae extract` turn videos and photos into a folder of one person's faces?"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faceswap_ae.cli.terminal import Session
from faceswap_ae.common.errors import UserError

if TYPE_CHECKING:
    from faceswap_ae.extraction.options import ExtractSummary


def run(
    context: typer.Context,
    inputs: Annotated[list[Path], typer.Argument(help="Videos, photos, folders, globs.")],
    name: Annotated[str, typer.Option("--as", help="The person: faces go to data/NAME.")],
    like: Annotated[
        list[Path] | None, typer.Option(help="A photo of the person; may be repeated.")
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="A folder for each person: NAME, NAME-2, ...")
    ] = False,
    start: Annotated[str | None, typer.Option(help="First time looked at: 4.2s, 1:02.5.")] = None,
    end: Annotated[str | None, typer.Option(help="First time left out.")] = None,
    frames: Annotated[str | None, typer.Option(help="Frames from 0: 100-200, 100-.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Look at each so many-th frame only.")] = 1,
    most: Annotated[
        int | None, typer.Option("--max", help="The best so many, over all poses.")
    ] = None,
    blur: Annotated[float, typer.Option(help="Leave out what is less sharp.")] = 0.0,
    min_size: Annotated[float, typer.Option(help="Leave out smaller faces, pixels.")] = 0.0,
    change: Annotated[
        float, typer.Option(help="Leave out faces that differ less from the last, %: 2.")
    ] = 0.0,
    detector: Annotated[str, typer.Option(help="auto, cnn, hog or mtcnn.")] = "auto",
    turn: Annotated[
        bool, typer.Option("--turn/--no-turn", help="Try lying faces where none is found.")
    ] = True,
    crop: Annotated[str, typer.Option(help="whole, or head with all of the hair.")] = "whole",
    size: Annotated[int, typer.Option(min=64, max=2048, help="Pixels a side of a face.")] = 512,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Pass over damage.")] = False,
) -> None:
    """Find the faces of one person and write them to data/NAME, aligned and described.

    Run it again to go on where it stopped; faces that you deleted stay away. Other people and
    false alarms are left out and shown in data/NAME-others.jpg.

    \b
    faceswap-ae extract ada.mp4 --as ada
    faceswap-ae extract holiday/ party.mp4 --as ben --like ben.jpg
    faceswap-ae extract film.mkv --as carl --start 1:02 --end 2:30 --max 2000
    faceswap-ae extract duet.mp4 --as duo --everyone
    """
    from faceswap_ae.extraction.extractor import extract
    from faceswap_ae.extraction.options import ExtractOptions
    from faceswap_ae.extraction.selection import SelectionLimits
    from faceswap_ae.faces.detection.scan import ScanOptions
    from faceswap_ae.media.span import parse_span

    session: Session = context.obj
    begin = time.monotonic()
    options = ExtractOptions(
        session.data,
        tuple(like or ()),
        everyone,
        ScanOptions(detector, turn, every, keep_going),
        SelectionLimits(blur, min_size, change, most),
        parse_span(start, end, frames),
        crop,
        size,
    )
    summary = extract(inputs, name, options, session.progress)
    if not session.quiet:
        _print_summary(summary, time.monotonic() - begin)
    if summary.failures:
        raise UserError(f"{len(summary.failures)} of the inputs gave trouble, as told above")


def _print_summary(summary: "ExtractSummary", seconds: float) -> None:
    for folder, count in summary.written.items():
        typer.echo(f"{folder}: {count} new faces")
    typer.echo(f"{summary.looked} frames looked at in {seconds:.0f} s")
    for reason, count in summary.skipped.most_common():
        typer.echo(f"left out: {count} {reason}")
    if summary.sheet is not None:
        people = len(summary.others)
        typer.echo(f"{people} other(s) are in {summary.sheet}; --everyone takes them too")
