"""How is a face made unrecognisable without another face: by blur, blocks or one colour?

So few samples are kept of the covered part that its features cannot be computed back. Around it
the picture stays as it is, with a soft border.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.faces.boxes import Box

ACROSS, DOWN = 1.25, 1.45  # of a face's box: width and height of what is covered
HIGHER = 0.06  # of the box's height: a forehead is above the box, and nothing of the face below
CELLS = 3  # samples across, of the picture that is kept: with 5 a turned head leads to its person
BORDER = 0.06  # of the width: the soft border, outside of what is covered

Cover = Callable[[Image], Image]


def obscure(image: Image, box: Box, method: str) -> None:
    """Cover the face in a box, in place."""
    left, top, right, bottom = _grown(box)
    soft = max(2, round(BORDER * (right - left)))
    height, width = image.shape[:2]
    rows = slice(max(0, top - soft), min(height, bottom + soft))
    columns = slice(max(0, left - soft), min(width, right + soft))
    part = image[rows, columns]
    if not part.size:
        return
    inside = np.zeros((bottom - top + 2 * soft, right - left + 2 * soft), np.float32)
    inside[soft:-soft, soft:-soft] = 1
    # Blurred outwards only: the box itself is covered in full.
    weight = np.maximum(cv2.GaussianBlur(inside, (0, 0), soft / 2), inside)
    first = rows.start - (top - soft), columns.start - (left - soft)
    own = weight[first[0] :, first[1] :][: part.shape[0], : part.shape[1], None]
    covered = COVERS[method](part).astype(np.float32)
    part[:] = np.rint(part + own * (covered - part)).astype(np.uint8)


def _grown(box: Box) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    width, height = max(right - left, 2.0), max(bottom - top, 2.0)
    x, y = (left + right) / 2, (top + bottom) / 2 - HIGHER * height
    across, down = ACROSS * width / 2, DOWN * height / 2
    return round(x - across), round(y - down), round(x + across), round(y + down)


def _few(part: Image) -> Image:
    rows = max(1, round(CELLS * part.shape[0] / part.shape[1]))
    return np.asarray(cv2.resize(part, (CELLS, rows), interpolation=cv2.INTER_AREA), np.uint8)


def _blur(part: Image) -> Image:
    large = cv2.resize(_few(part), part.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def _blocks(part: Image) -> Image:
    large = cv2.resize(_few(part), part.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(large, np.uint8)


def _solid(part: Image) -> Image:
    return np.full_like(part, 96)


COVERS: Mapping[str, Cover] = {"blur": _blur, "blocks": _blocks, "solid": _solid}
