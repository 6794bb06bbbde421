"""Which colours, mask and blend suit a clip? A picture of the choices on a few of its frames."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from PIL import Image as pillow
from PIL import ImageDraw, ImageFont

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image, warp
from faceswap_ae.conversion.compositor import Compositor
from faceswap_ae.conversion.converter import Converter
from faceswap_ae.conversion.swapper import GeneratedFace
from faceswap_ae.conversion.trajectories import FacePlacement
from faceswap_ae.media import reader
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.reader import Frame
from faceswap_ae.media.span import WHOLE, Span

COLOURS = ("tint", "mkl", "reinhard", "histogram", "average", "none")
EDGES = tuple(product(("learned", "hull"), ("laplacian", "feather", "poisson")))
CELL = 144  # pixels a side
WIDER = 1.25  # of the crop, that a cell shows: the seam lies inside
GAP, HEAD, SIDE = 4, 22, 92
PAPER, INK = (250, 250, 248), (40, 40, 40)


def draw_choices(converter: Converter, clip: Clip, count: int = 2) -> Image:
    """A table of colours by mask and blend, for so many frames evenly taken from the swapped."""
    span = WHOLE if clip.pictures else converter.options.span
    where = converter.prepare(clip, span, covers=False).plan.trajectories
    tables = [
        _table(converter, frame, where.at(frame.index)[0])
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


def _table(converter: Converter, frame: Frame, place: FacePlacement) -> Image:
    swapper = converter.swappers[place.role]
    made = swapper([swapper.shown(frame.image, place.landmarks, place.outline)])[0]
    base = converter.options.style
    looks = [
        [replace(base, colour=colour, mask=mask, blend=blend) for mask, blend in EDGES]
        for colour in COLOURS
    ]
    cells = [
        [_cell(frame, place, made, Compositor(swapper, style)) for style in row] for row in looks
    ]
    return _drawn(cells, f"frame {frame.index}")


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


def _drawn(cells: Sequence[Sequence[Image]], name: str) -> Image:
    step = CELL + GAP
    size = SIDE + len(EDGES) * step, 2 * HEAD + len(cells) * step
    paper = pillow.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(13)
    draw.text((GAP, HEAD), name, INK, font, anchor="lm")
    for column, (mask, blend) in enumerate(EDGES):
        x = SIDE + column * step + CELL / 2
        draw.text((x, HEAD / 2 + 2), f"mask {mask}", INK, font, anchor="mm")
        draw.text((x, 3 * HEAD / 2), blend, INK, font, anchor="mm")
    for row, (colour, pictures) in enumerate(zip(COLOURS, cells, strict=True)):
        y = 2 * HEAD + row * step
        draw.text((GAP, y + CELL / 2), colour, INK, font, anchor="lm")
        for column, picture in enumerate(pictures):
            paper.paste(pillow.fromarray(picture), (SIDE + column * step, y))
    return np.asarray(paper, np.uint8)
