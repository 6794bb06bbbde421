"""Who else was there? One picture, a row of faces for each person who was left out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as pillow
from PIL import ImageDraw, ImageFont

from faceswap_ae import images
from faceswap_ae.align import matrix_of
from faceswap_ae.face import Face
from faceswap_ae.geometry import Image, warp

THUMB = 96  # pixels
MOST = 6  # faces of a person
ROWS = 12  # people; whoever is seen less is only counted
TEXT = 230  # pixels beside the faces
PAPER, INK = (250, 250, 248), (40, 40, 40)


def thumb(image: Image, face: Face) -> Image:
    """A face, small."""
    return warp(image, matrix_of(face.landmarks, "whole", THUMB), (THUMB, THUMB))


def write_sheet(
    path: Path, counts: Mapping[int, int], thumbs: Mapping[int, Sequence[Image]]
) -> None:
    """Draw the people by their numbers: how often each was seen, and their faces."""
    shown = sorted(counts)[:ROWS]
    sheet = pillow.new("RGB", (TEXT + MOST * THUMB, max(1, len(shown)) * THUMB), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for row, number in enumerate(shown):
        y, faces = row * THUMB, "face" if counts[number] == 1 else "faces"
        draw.text((14, y + 34), f"person {number}: {counts[number]} {faces}", INK, font)
        for column, image in enumerate(thumbs[number]):
            sheet.paste(pillow.fromarray(image), (TEXT + column * THUMB, y))
    images.write(path, np.asarray(sheet, np.uint8))
