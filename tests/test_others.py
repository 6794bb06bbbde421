from pathlib import Path

import numpy as np

from faceswap_ae import images
from faceswap_ae.others import ROWS, THUMB, write_sheet


def test_a_row_for_each_person(tmp_path: Path) -> None:
    colours = {number: np.full((THUMB, THUMB, 3), 20 * number, np.uint8) for number in range(2, 5)}
    counts = {4: 1, 2: 30, 3: 12}
    write_sheet(tmp_path / "sheet.png", counts, {number: [colours[number]] for number in counts})
    sheet = images.read(tmp_path / "sheet.png")
    assert sheet.shape[0] == 3 * THUMB
    assert [int(sheet[row * THUMB + 9, 240, 0]) for row in range(3)] == [40, 60, 80]
    text = sheet[:THUMB, :230]
    assert text.min() < 80  # ink
    assert text.max() > 240  # paper


def test_a_crowd_is_cut_short(tmp_path: Path) -> None:
    counts = dict.fromkeys(range(2, 60), 1)
    thumbs = {number: [np.zeros((THUMB, THUMB, 3), np.uint8)] for number in counts}
    write_sheet(tmp_path / "sheet.png", counts, thumbs)
    assert images.read(tmp_path / "sheet.png").shape[0] == ROWS * THUMB
