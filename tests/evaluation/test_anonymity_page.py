import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faceswap_ae.conversion.anonymiser import AnonymiseStyle, AnonymousClip
from faceswap_ae.conversion.cover_plan import CoveredFace, CoverPlan
from faceswap_ae.conversion.renderer import RenderPlan
from faceswap_ae.conversion.second_look import ALIKE, RECOGNISED, Compared, SecondLook
from faceswap_ae.conversion.trajectories import TrackRow, Trajectories
from faceswap_ae.evaluation.anonymity import AnonymisedClip, HiddenPerson
from faceswap_ae.evaluation.anonymity_page import LookedOver, page_of, write_page
from faceswap_ae.faces.detection.scan_cache import ScannedClip
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.ownership import is_ours
from tests.support.face_records import some_face
from tests.support.html_page import Page

NASTY = '<script>alert("1")</script> & {{data}}.mp4'


class WithPictures(Page):
    """A page with pictures (img), which have no end tag."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "img":
            self.open.pop()


@pytest.fixture
def looked(duet: Path, tmp_path: Path) -> LookedOver:
    """A look over a clip of 12 frames with one new face, of which frame 4 is in doubt."""
    clip = open_clip(duet / "clip.mp4")
    points = np.repeat(some_face().landmarks[None].astype(np.float32), 12, axis=0)
    where = Trajectories((TrackRow(7, 0, 0, points, points, frozenset()),))
    found = ScannedClip("key", Journal(tmp_path / "found"))
    plan = AnonymousClip(clip, found, RenderPlan([], where), CoverPlan(), AnonymiseStyle(), [])
    seen = SecondLook(among=3)
    seen.leaks[4].append(CoveredFace((0, 0, 9, 9), RECOGNISED, 7))
    seen.leaks[5].append(CoveredFace((0, 0, 9, 9), RECOGNISED, 7))
    return LookedOver(plan, clip.path, seen)


def made(looked: LookedOver, distances: dict[int, float], *, published: bool) -> AnonymisedClip:
    compared = tuple(Compared(frame, 7, 0, far, 1) for frame, far in distances.items())
    person = HiddenPerson(0, 12, 12, 0, compared)
    doubt = () if published else tuple(looked.seen.leaks)
    return AnonymisedClip(Path(NASTY), Path(NASTY), published, 12, 12, 0, (person,), 3, doubt, 1.0)


def test_a_page_of_a_clip_in_doubt(looked: LookedOver, tmp_path: Path) -> None:
    place = page_of(tmp_path / "clip.mp4")
    assert place.name == "clip.mp4.html"
    write_page(place, made(looked, {0: 0.9, 4: 0.55, 8: 0.7}, published=False), looked)
    text = place.read_text(encoding="utf-8")
    page = WithPictures(text)
    assert not page.open and is_ours(place)
    assert {one["href"].removeprefix("#") for one in page.all("a")} <= {
        told["id"] for _, told in page.tags if "id" in told
    }
    assert "not published" in text and f"frames 4 to 5: {RECOGNISED}" in text
    # The worst is first; frame 4 is in doubt, so it is named and no picture of it is there.
    assert "0.550, frame 4" in text and "not shown: in doubt" in text
    # Frames 0 and 8 are too near to it.
    assert not page.all("img")
    assert NASTY not in text and "<script>alert" not in text
    assert not re.search(r"https?://", text)
    charts: Any = page.data
    (chart,) = charts
    assert chart["x"] == [0, 4, 8]
    assert [one["values"] for one in chart["lines"]] == [[0.9, 0.55, 0.7], [ALIKE] * 3]


def test_a_page_of_a_published_clip(looked: LookedOver, tmp_path: Path) -> None:
    quiet = replace(looked, seen=SecondLook(among=3))
    write_page(tmp_path / "page.html", made(quiet, {0: 0.9}, published=True), quiet)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert WithPictures(text).all("img")[0]["alt"] == "new face in frame 0"
    assert "<b>published</b>" in text and "<p>None.</p>" in text
    assert "by chance 33%" in text


def test_a_long_chart_keeps_the_worst_moment(looked: LookedOver, tmp_path: Path) -> None:
    distances = {4 * at: 0.9 for at in range(2000)} | {4000: 0.3}
    compared = tuple(Compared(frame, 7, 0, far, 1) for frame, far in distances.items())
    person = HiddenPerson(0, 8000, 8000, 0, compared)
    long = replace(made(looked, {}, published=True), frames=8000, each_person=(person,))
    looked.seen.leaks |= {at: [CoveredFace((0, 0, 9, 9), RECOGNISED)] for at in distances}
    write_page(tmp_path / "page.html", long, looked)
    charts: Any = WithPictures((tmp_path / "page.html").read_text(encoding="utf-8")).data
    (chart,) = charts
    assert len(chart["x"]) == 300 and min(chart["lines"][0]["values"]) == 0.3


def test_a_clip_without_new_faces(looked: LookedOver, tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", made(looked, {}, published=True), looked)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "all faces are covered" in text and not WithPictures(text).open
