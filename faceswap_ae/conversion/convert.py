"""How are clips and photos converted, one after the other, and where do the outputs go?

A video is written in segments that survive a stop: the same call goes on where it was stopped. An
output appears under its name when it is complete, with its report beside it.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from faceswap_ae.common.atomic import check_is_no_input, replacing
from faceswap_ae.common.errors import FaceswapError, UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.progress import Progress, no_progress
from faceswap_ae.conversion.converter import Converter, ConvertOptions, PreparedClip
from faceswap_ae.conversion.renderer import REVISION
from faceswap_ae.conversion.report import (
    ConvertedClip,
    count_up,
    read_job,
    report_of,
    rows_of,
    write_clip_report,
)
from faceswap_ae.conversion.views import View, choose_views
from faceswap_ae.marks.seal import OutputSeal, check_marks
from faceswap_ae.media import images, png, provenance
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.codecs import CODECS
from faceswap_ae.media.inputs import InputFailure, distinct_names, find_inputs
from faceswap_ae.media.ownership import check_may_replace
from faceswap_ae.media.resumable_writer import ResumableWriter, resumable
from faceswap_ae.media.segments import OutputSpec
from faceswap_ae.media.span import WHOLE
from faceswap_ae.media.writer import form_of
from faceswap_ae.version import VERSION

GIF = ".gif"

log = logging.getLogger(__name__)


def convert(
    inputs: Sequence[Path], out: Path, options: ConvertOptions, progress: Progress = no_progress
) -> tuple[list[ConvertedClip], list[InputFailure]]:
    """Put a run's face onto the performance in clips and photos.

    One input becomes `out`; several, or a folder of them, become files in the folder `out`. What
    became of each is returned, and which could not be converted.
    """
    paths, failures = find_inputs(inputs)
    if not paths:
        raise UserError(failures[0].reason)
    for failure in failures:
        log.warning("%s", failure.reason)
    alone = len(inputs) == 1 and not inputs[0].is_dir() and len(paths) == 1
    if alone and (out.suffix or options.frames):
        clip = open_clip(paths[0])
        return [convert_clip(Converter(options, progress), clip, out)], failures
    if out.suffix and not out.is_dir():
        raise UserError(f"{out}: is no folder, and {len(paths)} inputs need one; try -o swapped")
    converter, done = Converter(options, progress), []
    for path, name in zip(paths, _names(paths, options), strict=True):
        try:
            done.append(convert_clip(converter, open_clip(path), out / name))
        except FaceswapError as error:
            log.warning("%s", error)
            failures.append(InputFailure(path, str(error)))
    return done, failures


def convert_clip(converter: Converter, clip: Clip, out: Path) -> ConvertedClip:
    """One clip or photo. The output appears when it is complete; stopped, it goes on there."""
    options = converter.options
    views = choose_views(options.view)
    outputs = {name: _place(out, name, len(views)) for name in views}
    for place in outputs.values():
        _check(clip, place, options)
    check_may_replace(report_of(out), overwrite=options.overwrite)
    covers = any(view.covers for view in views.values())
    one = converter.prepare(clip, WHOLE if clip.pictures else options.span, covers=covers)
    report = report_of(out)
    if clip.pictures:
        return _convert_photo(converter, one, outputs, report)
    job, seal = _job(converter, one), seal_of(converter, one)
    with ExitStack() as stack:
        place = stack.enter_context(replacing(report))
        writers = {
            name: stack.enter_context(
                resumable(
                    output_spec(
                        one, path, views[name], converter.options, _seal_of(views[name], seal)
                    ),
                    {**job, "view": name},
                )
            )
            for name, path in outputs.items()
        }
        _write_frames(converter, one, writers)
        writer = next(iter(writers.values()))
        done = count_up(clip.path, list(outputs.values()), rows_of(writer))
        head = {**seal.tags, **done.to_json(), "job": job}
        write_clip_report(place, head, rows_of(writer))
    return done


def is_made(converter: Converter, clip: Clip, out: Path) -> bool:
    """Is there an output already that was made in just this way?"""
    views = choose_views(converter.options.view)
    if not all(_place(out, name, len(views)).exists() for name in views):
        return False
    made = read_job(out)
    if made is None:
        return False
    one = converter.prepare(clip, converter.options.span, covers=False)
    return bool(made == json.loads(json.dumps(_job(converter, one))))


def seal_of(converter: Converter, one: PreparedClip) -> OutputSeal:
    """The marks of a clip's outputs."""
    return converter.seal(one, _job(converter, one))


def _seal_of(view: View, seal: OutputSeal) -> OutputSeal:
    """Return the marks of a view: a mask that others compose with is left exact."""
    return seal.without_watermark if view.only_mask else seal


def output_spec(
    one: PreparedClip, place: Path, view: View, options: ConvertOptions, seal: OutputSeal
) -> OutputSpec:
    """The video of a view, with the clip's sound."""
    encoding = replace(options.encoding, repeatable=True)
    span = one.span if options.cut else WHOLE
    size, tags = view.size(one.clip), seal.tags
    return OutputSpec(place, size, encoding, one.clip, span, tags, options.segment, seal)


def check_picture(clip: Clip, out: Path, *, overwrite: bool) -> None:
    """Can a frame of a clip be written there?"""
    check_is_no_input(out, [clip.path, *clip.pictures])
    check_may_replace(out, overwrite=overwrite)
    if out.suffix.lower() != ".png":
        raise UserError(f"{out}: a picture goes into .png, where it keeps its marks")


def write_picture(out: Path, picture: Image, seal: OutputSeal) -> None:
    """A PNG that says that it is altered."""
    with replacing(out) as part:
        words = provenance.png_words(seal.tags)
        part.write_bytes(png.encode(seal.imprint(picture), words))
        seal.sign(part, out)


def _write_frames(
    converter: Converter, one: PreparedClip, writers: Mapping[str, ResumableWriter]
) -> None:
    """Render the frames that are not written yet, and write them in every view."""
    begins = {name: _next_frame(writer) for name, writer in writers.items()}
    first, views, clip = min(begins.values()), choose_views(converter.options.view), one.clip
    span = next(iter(writers.values())).output.span
    left = span.count(clip.rate, clip.count) - min(writer.done for writer in writers.values())
    with converter.progress(f"swap {clip.path.name}", left) as advance:
        for count, (shown, row) in enumerate(converter.frames(one, span, first), 1):
            frame, told = shown.frame, row.to_json()
            for name, writer in writers.items():
                if frame.index >= begins[name]:
                    picture = views[name].show(shown, converter.names)
                    writer.write(picture, frame.time, frame.duration, told)
            advance(count)


def _next_frame(writer: ResumableWriter) -> int:
    """The number of the frame that comes after those that are written."""
    number = writer.output.span.first
    for row in rows_of(writer):
        number = row.frame + 1
    return number


def _convert_photo(
    converter: Converter, one: PreparedClip, outputs: Mapping[str, Path], report: Path
) -> ConvertedClip:
    views, seal = choose_views(converter.options.view), seal_of(converter, one)
    rows = []
    for shown, row in converter.frames(one, WHOLE):
        rows.append(row)
        for name, place in outputs.items():
            picture = views[name].show(shown, converter.names)
            write_picture(place, picture, _seal_of(views[name], seal))
    done = count_up(one.clip.path, list(outputs.values()), rows)
    write_clip_report(report, {**seal.tags, **done.to_json(), "job": seal.deed.job}, rows)
    return done


def _check(clip: Clip, out: Path, options: ConvertOptions) -> None:
    """Can this be written? Asked now, and not after the clip was searched."""
    check_marks(options.marks, out, overwrite=options.overwrite)
    if clip.pictures:
        check_picture(clip, out, overwrite=options.overwrite)
        return
    if options.frames and out.suffix:
        raise UserError(f"{out}: is no folder's name; --codec png writes a folder of pictures")
    check_is_no_input(out, [clip.path])
    check_may_replace(out, overwrite=options.overwrite)
    form_of(out, options.encoding)


def _job(converter: Converter, one: PreparedClip) -> dict[str, Any]:
    """All that the frames of an output depend on."""
    options = converter.options
    own_mask = b"" if converter.painted is None else converter.painted.tobytes()
    return {
        "version": [VERSION, REVISION],
        "clip": one.found.key,
        "runs": [own.job for own in converter.swappers],
        "style": asdict(options.style),
        "view": options.view,
        "encoding": asdict(options.encoding),
        "part": [str(options.span), options.cut],
        "places": one.plan.trajectories.digest,
        "painted": blake2b(own_mask).hexdigest(),
        "watermark": options.marks.revision,
    }


def _place(out: Path, view: str, of: int) -> Path:
    """`out.mp4`; where there are several views, `out-side.mp4` for all but the result."""
    return out if of == 1 or view == "result" else out.with_stem(f"{out.stem}-{view}")


def _names(paths: Sequence[Path], options: ConvertOptions) -> list[str]:
    return distinct_names(paths, [_name(path, options) for path in paths])


def _name(path: Path, options: ConvertOptions) -> str:
    """As the input's, with a suffix that takes the output."""
    suffix = path.suffix.lower()
    if suffix in images.READABLE:
        return f"{path.stem}.png"
    if options.frames:
        return path.stem
    fit = (*CODECS[options.encoding.codec].suffixes, GIF)
    return path.stem + (suffix if suffix in fit else fit[0])
