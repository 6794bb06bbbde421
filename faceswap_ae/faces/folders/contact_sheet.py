"""How are many faces drawn on one picture (a contact sheet)?

There are two kinds: pages with the faces of a folder, and one picture of the other people that an
extraction has found.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as pillow
from PIL import ImageDraw, ImageFont

from faceswap_ae.common.geometry import Image, warp
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.folders.face_file import FaceEntry
from faceswap_ae.faces.folders.gallery import thumbnail
from faceswap_ae.faces.record import Face
from faceswap_ae.media import images

MOST = 200  # faces: two pages
COLUMNS, ROWS = 10, 10  # of faces on a page
SIDE, GAP, CAPTION, TITLE = 128, 6, 16, 34  # pixels
GROUND, TEXT, FAINT = (24, 24, 27), (228, 228, 231), (161, 161, 170)

THUMB = 96  # pixels a side of a thumbnail
FACES_EACH = 6  # faces of each person
MOST_PEOPLE = 12  # people on the picture; people who are seen less often are only counted
TEXT_WIDTH = 230  # pixels beside the faces
PAPER, INK = (250, 250, 248), (40, 40, 40)


def write_sheet(
    name: str, entries: Sequence[FaceEntry], out: Path, most: int = MOST, columns: int = COLUMNS
) -> list[Path]:
    """Write one page or several (`sheet.png`, `sheet-2.png`); return their paths."""
    shown = evenly_spaced(entries, most)
    each = COLUMNS * ROWS
    pages = [shown[first : first + each] for first in range(0, len(shown), each)]
    said = f"{name}: {len(entries)} faces"
    if len(shown) < len(entries):
        said = f"{name}: {len(shown)} of {len(entries)} faces, evenly chosen"
    outs = page_paths(out, len(shown))
    for number, (path, page) in enumerate(zip(outs, pages, strict=True), 1):
        part = f", page {number} of {len(pages)}" if len(pages) > 1 else ""
        images.write(path, np.asarray(_drawn(page, said + part, columns)))
    return outs


def page_paths(out: Path, faces: int) -> list[Path]:
    """Return the paths of the pages that so many faces need."""
    numbers = range(1, -(-faces // (COLUMNS * ROWS)) + 1)
    return [out if one == 1 else out.with_stem(f"{out.stem}-{one}") for one in numbers]


def _drawn(page: Sequence[FaceEntry], title: str, most: int) -> pillow.Image:
    rows = -(-len(page) // most)
    columns = min(most, max(4, len(page)))  # room for the title
    across, down = SIDE + GAP, SIDE + CAPTION + GAP
    board = pillow.new("RGB", (GAP + columns * across, TITLE + rows * down), GROUND)
    pen = ImageDraw.Draw(board)
    pen.text((GAP, TITLE / 2), title, TEXT, ImageFont.load_default(18), anchor="lm")
    small = ImageFont.load_default(12)
    for place, entry in enumerate(page):
        x, y = GAP + place % most * across, TITLE + place // most * down
        board.paste(pillow.fromarray(thumbnail(entry, SIDE)), (x, y))
        middle = x + SIDE / 2, y + SIDE + CAPTION / 2
        pen.text(middle, caption(entry), FAINT, small, anchor="mm")
    return board


def caption(entry: FaceEntry) -> str:
    """Return the caption of a face: its yaw and its sharpness."""
    if not entry.stored:
        return "no face data"
    face = entry.stored.face
    return f"yaw {face.pose[0]:+.0f}°  sharp {face.sharpness:.2f}"


def thumb(image: Image, face: Face) -> Image:
    """Return the thumbnail of a face, cut out of its frame."""
    return warp(image, matrix_of(face.landmarks, "whole", THUMB), (THUMB, THUMB))


def write_others(
    path: Path, counts: Mapping[int, int], thumbs: Mapping[int, Sequence[Image]]
) -> None:
    """Draw one row per person, in the order of their numbers: number of faces, some faces."""
    shown = sorted(counts)[:MOST_PEOPLE]
    sheet = pillow.new("RGB", (TEXT_WIDTH + FACES_EACH * THUMB, max(1, len(shown)) * THUMB), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for row, number in enumerate(shown):
        y, faces = row * THUMB, "face" if counts[number] == 1 else "faces"
        draw.text((14, y + 34), f"person {number}: {counts[number]} {faces}", INK, font)
        for column, image in enumerate(thumbs[number]):
            sheet.paste(pillow.fromarray(image), (TEXT_WIDTH + column * THUMB, y))
    images.write(path, np.asarray(sheet, np.uint8))
