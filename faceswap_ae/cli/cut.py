"""How does `faceswap-ae cut` write a clip, or part of it, again, frame by frame?"""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.options import Overwrite
from faceswap_ae.cli.terminal import Session


def run(
    context: typer.Context,
    clip: Annotated[Path, typer.Argument(help="A video, a folder of pictures or a glob.")],
    out: Annotated[Path, typer.Option("-o", "--out", help=".mp4 .mov .mkv .gif or a folder.")],
    start: Annotated[str | None, typer.Option(help="First time kept: 4.2s, 1:02.5.")] = None,
    end: Annotated[str | None, typer.Option(help="First time left out.")] = None,
    frames: Annotated[str | None, typer.Option(help="Frames from 0: 100-200, 100-.")] = None,
    fps: Annotated[str | None, typer.Option(help="Rate of pictures: 25, 30000/1001.")] = None,
    codec: Annotated[str, typer.Option(help="h264, prores (.mov) or ffv1 (.mkv).")] = "h264",
    crf: Annotated[int, typer.Option(min=0, max=51, help="h264: 0 perfect, 51 poor.")] = 18,
    preset: Annotated[str, typer.Option(help="h264: ultrafast ... veryslow.")] = "veryfast",
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Pass over damage.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a clip, or part of it, anew: exact to the frame, with its sound.

    \b
    faceswap-ae cut holiday.mp4 -o part.mp4 --start 1:02.5 --end 1:30
    faceswap-ae cut part.mp4 -o frames/ --frames 100-200
    faceswap-ae cut frames/ -o again.mp4 --fps 30
    faceswap-ae cut part.mp4 -o part.gif
    """
    from faceswap_ae.media import reader
    from faceswap_ae.media.clip import open_clip
    from faceswap_ae.media.codecs import Encoding
    from faceswap_ae.media.ownership import check_may_replace
    from faceswap_ae.media.span import parse_rate, parse_span
    from faceswap_ae.media.writer import writing

    session: Session = context.obj
    span, encoding = parse_span(start, end, frames), Encoding(codec, crf, preset)
    source = open_clip(clip, parse_rate(fps) if fps else None)
    check_may_replace(out, overwrite=overwrite)
    with writing(out, source, encoding, tracks=source, span=span) as sink:
        shown = reader.frames(source, span, keep_going=keep_going)
        for frame in session.track(shown, "cut", span.count(source.rate, source.count)):
            sink.write(frame.image, frame.time, frame.duration)
