from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.contact_sheet import (
    CAPTION,
    COLUMNS,
    GAP,
    GROUND,
    MOST_PEOPLE,
    SIDE,
    THUMB,
    TITLE,
    caption,
    write_others,
    write_sheet,
)
from faceswap_ae.faces.folders.gallery import thumbnail
from faceswap_ae.media import images
from tests.support.face_folders import UNTOLD, entry, fill, plain_picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sheet") / "ada"
    fill(folder, range(13))
    plain_picture(folder)
    return folder


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_every_face_has_its_place(folder: Path, tmp_path: Path, suffix: str) -> None:
    entries = face_file.entries(folder)
    (out,) = write_sheet("ada", entries, tmp_path / f"sheet{suffix}")
    board = images.read(out)
    for place, one in enumerate(entries):
        x = GAP + place % COLUMNS * (SIDE + GAP)
        y = TITLE + place // COLUMNS * (SIDE + CAPTION + GAP)
        shown = board[y : y + SIDE, x : x + SIDE].astype(int)
        assert np.abs(shown - thumbnail(one, SIDE)).mean() < 3
        written = board[y + SIDE : y + SIDE + CAPTION, x : x + SIDE]
        assert written.max() > 120
    free = board[-40:, -40:].astype(int)  # 14 faces do not fill the last row
    assert np.abs(free - GROUND).max() < 5


def test_many_faces_take_pages_and_the_rest_is_chosen_evenly(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faceswap_ae.faces.folders.contact_sheet.ROWS", 1)
    entries = face_file.entries(folder) * 3
    outs = write_sheet("ada", entries, tmp_path / "sheet.png", most=25)
    assert [out.name for out in outs] == ["sheet.png", "sheet-2.png", "sheet-3.png"]
    widths = [images.read(out).shape[1] for out in outs]
    assert widths == [GAP + columns * (SIDE + GAP) for columns in (10, 10, 5)]
    whole = write_sheet("ada", entries[:10], tmp_path / "whole.png")
    title = slice(0, TITLE)
    assert (images.read(outs[0])[title] != images.read(whole[0])[title]).any()  # the title differs


def test_captions() -> None:
    turned = entry(3, sharpness=0.123, pose=(-12.4, 0.0, 0.0))  # type: ignore[arg-type]
    assert caption(turned) == "yaw -12°  sharp 0.12"
    assert caption(UNTOLD) == "no face data"


def test_a_row_for_each_person(tmp_path: Path) -> None:
    colours = {number: np.full((THUMB, THUMB, 3), 20 * number, np.uint8) for number in range(2, 5)}
    counts = {4: 1, 2: 30, 3: 12}
    write_others(tmp_path / "sheet.png", counts, {number: [colours[number]] for number in counts})
    sheet = images.read(tmp_path / "sheet.png")
    assert sheet.shape[0] == 3 * THUMB
    assert [int(sheet[row * THUMB + 9, 240, 0]) for row in range(3)] == [40, 60, 80]
    text = sheet[:THUMB, :230]
    assert text.min() < 80  # ink
    assert text.max() > 240  # paper


def test_a_crowd_is_cut_short(tmp_path: Path) -> None:
    counts = dict.fromkeys(range(2, 60), 1)
    thumbs = {number: [np.zeros((THUMB, THUMB, 3), np.uint8)] for number in counts}
    write_others(tmp_path / "sheet.png", counts, thumbs)
    assert images.read(tmp_path / "sheet.png").shape[0] == MOST_PEOPLE * THUMB
