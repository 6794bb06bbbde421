"""How is a preview of the training drawn: face, reconstruction, swap, owner and mask?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as pillow
from PIL import ImageDraw, ImageFont

from faceswap_ae.common.geometry import Floats, Image
from faceswap_ae.networks.code_alignment import Alignment, aligned_swap
from faceswap_ae.networks.model_interface import ONTO, Networks, Output
from faceswap_ae.training.data.batches import Batch

CELL = 128  # pixels a side, to which small faces are enlarged; larger ones keep their size
HEAD = 26  # pixels, height of the line with the names
GAP = 4
PAPER, INK = (250, 250, 248), (40, 40, 40)


@dataclass(frozen=True)
class PreviewNames:
    """The names of both people."""

    face: str
    onto: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The heading of each column."""
        swap = f"{self.face} on {self.onto}"
        return (self.onto, f"{self.onto} again", swap, f"nearest {self.face}", "mask")


def draw_preview(
    networks: Networks, faces: Batch, owner: Batch, align: Alignment | None, names: PreviewNames
) -> Image:
    """Draw one row for each face of ONTO; outputs are blended over the face by their masks.

    Beside each swap stands the picture of the owner whose landmarks are nearest, so that the
    likeness can be judged.
    """
    from keras import ops

    again = networks.reconstruct(faces.warped, ONTO)
    swap = aligned_swap(networks, faces.warped, align)
    columns = [faces.target, *(_over(made, faces.target) for made in (again, swap))]
    away = np.linalg.norm(faces.landmarks[:, None] - owner.landmarks, axis=-1).mean(axis=-1)
    columns.append(owner.target[away.argmin(axis=1)])
    if swap.mask is not None:
        columns.append(np.repeat(ops.convert_to_numpy(swap.mask), 3, axis=-1))
    return sheet(columns, names.columns[: len(columns)])


def unlike_rows(landmarks: Floats, most: int) -> NDArray[np.int64]:
    """Return the indices, in order, of at most `most` faces that differ the most in landmarks.

    Each next one is the farthest from all before it. The first is the farthest from the mean.
    """
    flat = landmarks.reshape(len(landmarks), -1)
    chosen = [int(np.linalg.norm(flat - flat.mean(axis=0), axis=1).argmax())]
    away = np.linalg.norm(flat - flat[chosen[0]], axis=1)
    while len(chosen) < min(most, len(flat)):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(flat - flat[chosen[-1]], axis=1))
    return np.unique(chosen)


def _over(made: Output, target: Floats) -> Floats:
    """Blend an output over its target by its mask.

    Outside the face, the output means nothing: some models are never trained there.
    """
    from keras import ops

    face = np.asarray(ops.convert_to_numpy(ops.cast(made.face, "float32")))
    if made.mask is None:
        return face
    mask = np.asarray(ops.convert_to_numpy(ops.cast(made.mask, "float32")))
    return np.asarray(face * mask + target * (1 - mask), np.float32)


def sheet(columns: Sequence[Any], names: Sequence[str]) -> Image:
    """Draw columns of pictures in [0, 1] as a table with a heading."""
    side = max(CELL, *(column.shape[1] for column in columns))
    width, height = (side + GAP) * len(columns) + GAP, (side + GAP) * len(columns[0]) + HEAD
    paper = pillow.new("RGB", (width, height), PAPER)
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(14)
    for number, (column, name) in enumerate(zip(columns, names, strict=True)):
        x = GAP + number * (side + GAP)
        draw.text((x + side / 2, HEAD / 2), _fitting(name, font, side), INK, font, anchor="mm")
        for row, picture in enumerate(column):
            paper.paste(pillow.fromarray(_shown(picture, side)), (x, HEAD + row * (side + GAP)))
    return np.asarray(paper, np.uint8)


def _shown(picture: Any, side: int) -> Image:
    levels: Image = (np.clip(np.asarray(picture) * 255 + 0.5, 0, 255)).astype(np.uint8)
    if levels.shape[0] == side:
        return levels
    return np.asarray(cv2.resize(levels, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def _fitting(name: str, font: Any, width: int) -> str:
    while len(name) > 1 and font.getlength(name) > width:
        name = name[:-2] + "\u2026"
    return name
