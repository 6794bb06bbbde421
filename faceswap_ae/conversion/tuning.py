"""Which colours, mask, blend and edge suit a clip? A sheet of all choices on a few frames."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image as pillow
from PIL import ImageDraw, ImageFont

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image, warp
from faceswap_ae.conversion.compositing.blending import BLEND
from faceswap_ae.conversion.compositing.colour_transfer import COLOUR
from faceswap_ae.conversion.compositing.masks import ERODE, FEATHER, MASK
from faceswap_ae.conversion.compositor import CompositeOptions, Compositor
from faceswap_ae.conversion.converter import Converter
from faceswap_ae.conversion.face_generator import FaceRequest, GeneratedFace
from faceswap_ae.conversion.trajectories import FacePlacement
from faceswap_ae.media import reader
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.reader import Frame
from faceswap_ae.media.span import WHOLE, Span

# The choices of each option of `convert`: one is changed, the others are as they were asked for.
CHOICES: dict[str, Sequence[str | float]] = {
    "colour": tuple(COLOUR),
    "mask": tuple(name for name in MASK if name != "image"),  # that one is the user's own picture
    "blend": tuple(BLEND),
    "feather": (0.0, 0.03, FEATHER, 0.12, 0.2),
    "erode": (-0.05, 0.0, ERODE, 0.05, 0.1),
}
CELL, COLUMNS = 256, 5  # pixels a side, cells in a row
WIDER = 1.25  # of the crop, that a cell shows: the seam lies inside
GAP, HEAD, CAPTION = 8, 34, 26  # pixels
DEFAULT = " (default)"
PAPER, INK, CHOSEN = (250, 250, 248), (40, 40, 40), (29, 111, 184)


def draw_choices(converter: Converter, clip: Clip, count: int = 2) -> Image:
    """A sheet of every choice, for so many frames evenly taken from the swapped."""
    span = WHOLE if clip.pictures else converter.options.span
    plan = converter.prepare(clip, span, covers=False).plan
    where = plan.trajectories
    tables = [
        _table(plan.compositors, converter.options.style, frame, where.at(frame.index)[0])
        for frame in _frames(clip, where.frames, count)
    ]
    if not tables:
        raise UserError(f"{clip.path}: none of its frames is swapped")
    return np.concatenate(tables, axis=0)


def _frames(clip: Clip, there: Sequence[int], count: int) -> Iterator[Frame]:
    """The middles of equal parts of what is swapped."""
    places = (np.arange(count) + 0.5) / count * len(there)
    for number in sorted({there[int(place)] for place in places} if there else ()):
        yield from reader.frames(clip, Span(first=number, last=number))


def _table(
    compositors: Sequence[Compositor], base: CompositeOptions, frame: Frame, place: FacePlacement
) -> Image:
    swapper = compositors[place.role].swapper
    (made,) = swapper([FaceRequest(frame.index, frame.image, place)])
    rows: list[list[tuple[str, Image]]] = []

    def cell(option: str, choice: Any) -> Image:
        style = replace(base, **{option: choice})
        return _cell(frame, place, made, Compositor(swapper, style))

    for option, choices in CHOICES.items():
        cells = [(_caption(option, one, base), cell(option, one)) for one in choices]
        rows += [cells[first : first + COLUMNS] for first in range(0, len(cells), COLUMNS)]
    return _drawn(rows, f"frame {frame.index}: one option is changed, the others are defaults")


def _caption(option: str, choice: str | float, base: CompositeOptions) -> str:
    """Return the option as it is typed; the default is marked."""
    value = choice if isinstance(choice, str) else f"{choice:g}"
    return f"--{option} {value}" + (DEFAULT if getattr(base, option) == choice else "")


def _cell(frame: Frame, place: FacePlacement, made: GeneratedFace, compositor: Compositor) -> Image:
    one = compositor.fitted(frame.image, place, made)
    one = compositor.dressed(one, compositor.colours(one))
    steady = compositor.steadied(frame.image, one)
    image = compositor.laid(frame.image, one, steady, frame.index)
    size = compositor.swapper.size_out
    middle, scale = (size - 1) / 2, CELL / (WIDER * size)
    zoom = np.array([[scale, 0, CELL / 2 - scale * middle], [0, scale, CELL / 2 - scale * middle]])
    linear = zoom[:, :2] @ one.matrix[:, :2]
    matrix = np.column_stack([linear, zoom[:, :2] @ one.matrix[:, 2] + zoom[:, 2]])
    return warp(image, matrix, (CELL, CELL))


def _drawn(rows: Sequence[Sequence[tuple[str, Image]]], title: str) -> Image:
    across, down = CELL + GAP, CELL + CAPTION + GAP
    paper = pillow.new("RGB", (GAP + COLUMNS * across, HEAD + len(rows) * down), PAPER)
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(15)
    draw.text((GAP, HEAD / 2), title, INK, font, anchor="lm")
    for row, cells in enumerate(rows):
        for column, (caption, picture) in enumerate(cells):
            x, y = GAP + column * across, HEAD + row * down
            paper.paste(pillow.fromarray(picture), (x, y))
            ink = CHOSEN if caption.endswith(DEFAULT) else INK
            draw.text((x + CELL / 2, y + CELL + CAPTION / 2), caption, ink, font, anchor="mm")
            if ink == CHOSEN:
                draw.rectangle((x - 3, y - 3, x + CELL + 2, y + CELL + 2), None, CHOSEN, 3)
    return np.asarray(paper, np.uint8)
