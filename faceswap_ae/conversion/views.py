"""What is shown of a conversion: the result alone, or beside what it was made from?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import Image as pillow
from PIL import ImageDraw, ImageFont

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.common.geometry import Image
from faceswap_ae.conversion.renderer import RenderedFrame
from faceswap_ae.media.clip import Clip

ALL = "all"  # every view, each in a file of its own
HEIGHT = 0.05  # of a picture's height, of its name
LEAST_HEIGHT = 12  # pixels
PAPER, INK = 24, 235

Panel = Callable[[RenderedFrame], Image]


def _original(one: RenderedFrame) -> Image:
    return one.frame.image


def _result(one: RenderedFrame) -> Image:
    return one.image


def _mask(one: RenderedFrame) -> Image:
    if one.cover is None:
        return np.zeros_like(one.image)
    levels = np.rint(one.cover * 255).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)


@dataclass(frozen=True)
class View:
    """Pictures beside each other, with names where there are several."""

    panels: tuple[Panel, ...]

    @property
    def covers(self) -> bool:
        """Does it show the mask?"""
        return _mask in self.panels

    @property
    def only_mask(self) -> bool:
        """Does it show nothing else?"""
        return self.panels == (_mask,)

    def size(self, clip: Clip) -> Clip:
        """The clip that its frames make."""
        return replace(clip, width=len(self.panels) * clip.width)

    def show(self, one: RenderedFrame, names: "ViewNames") -> Image:
        """A frame of it."""
        pictures = [panel(one) for panel in self.panels]
        if len(pictures) == 1:
            return pictures[0]
        told: dict[Panel, str] = {_original: names.onto, _result: names.result, _mask: "mask"}
        beside = np.concatenate(pictures, axis=1)
        width = pictures[0].shape[1]
        for number, panel in enumerate(self.panels):
            name = _name(told[panel], max(LEAST_HEIGHT, round(HEIGHT * beside.shape[0])))
            height, length = name.shape[0], min(name.shape[1], width)
            left = number * width
            beside[:height, left : left + length] = name[:, :length, None]
        return beside


@dataclass(frozen=True)
class ViewNames:
    """Who is who."""

    onto: str
    result: str


VIEWS: dict[str, View] = {
    "result": View((_result,)),
    "side": View((_original, _result)),
    "mask": View((_mask,)),
    "triptych": View((_original, _result, _mask)),
}


def choose_views(name: str) -> dict[str, View]:
    """The views of a name."""
    if name == ALL:
        return VIEWS
    if name not in VIEWS:
        raise UserError(unknown("view", name, [*VIEWS, ALL]))
    return {name: VIEWS[name]}


@lru_cache(maxsize=8)
def _name(text: str, height: int) -> Image:
    font = ImageFont.load_default(0.7 * height)
    width = round(font.getlength(text) + height / 2)
    paper = pillow.new("L", (width, height), PAPER)
    ImageDraw.Draw(paper).text((width / 2, height / 2), text, INK, font, anchor="mm")
    return np.asarray(paper, np.uint8)
