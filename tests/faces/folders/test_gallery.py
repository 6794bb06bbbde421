import base64
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as pillow

from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.gallery import (
    FILTERS,
    PAGES,
    THUMB,
    histogram,
    scale_of,
    thumbnail,
    write_gallery,
)
from faceswap_ae.faces.folders.sorting import MEASURES, parse_condition
from tests.support.face_folders import fill, ids, plain_picture
from tests.support.html_page import Page

NASTY = "<script>alert(1)<!-- \"&amp;'{{data}}.png"


def written(folder: Path, out: Path, most: int = 3000) -> Page:
    write_gallery(folder, face_file.entries(folder), out, most)
    return Page(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve faces, one of them with a name that must be escaped in HTML, and a plain picture."""
    folder = tmp_path_factory.mktemp("gallery") / 'ada "<b>" & $HOME'
    found = fill(folder, range(12))
    (folder / f"{found[0].id}.png").rename(folder / NASTY)
    plain_picture(folder)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return written(folder, tmp_path_factory.mktemp("page") / "ada.html")


def test_every_element_is_closed_and_every_id_is_one_elements(page: Page) -> None:
    assert not page.open
    found = [told["id"] for _, told in page.tags if "id" in told]
    assert len(found) == len(set(found))


def test_the_script_finds_what_it_looks_for(page: Page) -> None:
    script = (PAGES / "gallery.js").read_text()
    there = {told["id"] for _, told in page.tags if "id" in told}
    assert set(re.findall(r'\$\("(\w+)"\)', script)) <= there
    assert {told["data-copy"] for told in page.all("button") if "data-copy" in told} <= there
    for option in page.all("option"):
        assert option["value"] in ("", *page.data["faces"][0])


def test_nothing_is_loaded_from_elsewhere(page: Page) -> None:
    assert not [told for _, told in page.tags if {"src", "href"} & told.keys()]
    assert "http" not in "".join(
        (PAGES / name).read_text() for name in ("gallery.js", "gallery.css")
    )
    policy = page.all("meta")[3]["content"]
    assert "default-src 'none'" in policy


def test_the_embedded_faces_are_those_of_the_folder(page: Page, folder: Path) -> None:
    entries = face_file.entries(folder)
    told = page.data["faces"]
    assert [one["name"] for one in told] == [one.name for one in entries]
    for one, known in zip(told, entries, strict=True):
        face = known.stored.face if known.stored else None
        for name in ("score", "time", *FILTERS):
            value = MEASURES[name].of(face) if face else None
            assert one[name] == (None if value is None else pytest.approx(value, abs=1e-4))
        assert one["source"] == (face.source if face else None)
    assert sorted(one["similarity"] for one in told) == list(range(len(entries)))


def test_the_pictures_are_small_jpegs_of_the_faces(page: Page, folder: Path) -> None:
    for one, known in zip(page.data["faces"], face_file.entries(folder), strict=True):
        picture = pillow.open(io.BytesIO(base64.b64decode(one["picture"], validate=True)))
        assert picture.format == "JPEG" and picture.size == (THUMB, THUMB)
        assert np.abs(np.asarray(picture).astype(int) - thumbnail(known, THUMB)).mean() < 6


def test_names_stay_words(page: Page, folder: Path) -> None:
    assert len(page.all("script")) == 2 and not page.all("b")
    assert page.texts["h1"] == folder.name
    assert page.texts["title"].startswith(f"{folder.name}: faces")
    assert NASTY in [one["name"] for one in page.data["faces"]]
    command = page.data["command"]
    assert command == f"faceswap-ae faces drop '{folder}'"


def test_every_filter_holds_every_face(page: Page) -> None:
    sections = [told for told in page.all("section") if told["class"] == "filter"]
    assert [told["data-measure"] for told in sections] == list(FILTERS)
    sliders = page.all("input")[1:]  # the first is the zoom
    assert [told["class"] for told in sliders] == ["low", "high"] * len(FILTERS)
    for name, low, high in zip(FILTERS, sliders[::2], sliders[1::2], strict=True):
        assert name in low["aria-label"] and low["value"] == low["min"]
        assert high["value"] == high["max"]
        values = [one[name] for one in page.data["faces"] if one[name] is not None]
        assert float(low["min"]) <= min(values) and max(values) < float(high["max"])
        # The conditions that the page writes must be valid.
        assert parse_condition(f"{name}>={low['value']}").measure == name


def test_histograms_count_every_face(page: Page, folder: Path) -> None:
    assert len(page.all("svg")) == len(FILTERS)
    assert f"of {len(ids(folder))} faces" in page.all("svg")[0]["aria-label"]
    values = [-3.0, 0.5, 0.55, 4.0]
    drawn = Page(histogram("yaw", scale_of(values), values))
    assert sum(map(int, re.findall(r"\d", drawn.texts["title"]))) == 4
    bars = drawn.all("rect")
    assert all(
        any(float(bar["data-from"]) <= value < float(bar["data-to"]) for bar in bars)
        for value in values
    )


def test_a_large_folder_is_shown_in_part_and_says_so(folder: Path, tmp_path: Path) -> None:
    page = written(folder, tmp_path / "part.html", most=4)
    assert len(page.data["faces"]) == 4
    assert "4 of 13 faces, evenly chosen" in page.texts["p"]
    assert f"of {len(ids(folder))} faces" in page.all("svg")[0]["aria-label"]  # all faces


def test_progress_is_told(folder: Path, tmp_path: Path) -> None:
    counts: list[int] = []
    write_gallery(folder, face_file.entries(folder), tmp_path / "ada.html", 5, counts.append)
    assert counts == [1, 2, 3, 4, 5]


@given(st.lists(st.floats(-1e6, 1e6), max_size=6))
def test_a_scale_holds_its_values_in_few_steps(values: Sequence[float]) -> None:
    scale = scale_of(values)
    assert all(scale.low <= value <= scale.high for value in values)
    steps = (scale.high - scale.low) / scale.step
    assert 1 <= round(steps) <= 64
