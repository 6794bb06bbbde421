"""What does a conversion make of single frames of a clip? They look as they would in the whole."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.conversion.convert import check_picture, seal_of, write_picture
from faceswap_ae.conversion.converter import Converter
from faceswap_ae.conversion.renderer import RenderedFrame
from faceswap_ae.conversion.views import choose_views
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.span import Span

AROUND = Fraction(1)  # second, on either side of a still, that is looked at to place it steadily


def render_still(converter: Converter, clip: Clip, time: Fraction, out: Path) -> Path:
    """The one frame that is shown at a time, as it would be in the whole."""
    views = choose_views(converter.options.view)
    if len(views) > 1:
        raise UserError("--still: shows one view; name result, side, mask or triptych")
    check_picture(clip, out, overwrite=converter.options.overwrite)
    (shown,) = views.values()
    part = Span(max(time - AROUND, Fraction(0)), time + AROUND)
    one = converter.prepare(clip, part, covers=shown.covers)
    last: RenderedFrame | None = None
    for frame, _ in converter.frames(one, part):
        if frame.frame.time > time and last is not None:
            break
        last = frame
    if last is None:
        raise UserError(f"{clip.path}: has no frame at {float(time):g} s")
    write_picture(out, shown.show(last, converter.names), seal_of(converter, one))
    return out


def render_masks(converter: Converter, clip: Clip, numbers: Sequence[int]) -> dict[int, Image]:
    """Pictures of the mask in some frames, by their numbers."""
    one = converter.prepare(clip, converter.options.span, covers=True)
    (view,) = choose_views("mask").values()
    return {
        shown.frame.index: view.show(shown, converter.names)
        for number in numbers
        for shown, _ in converter.frames(one, Span(first=number, last=number), number)
    }
