"""Does the benchmark of anonymise count every visible face, and nothing else?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.anonymise import table
from benchmarks.anonymise_films import FILMS, CastFilm, Part, TrueFace, read_truth, shoot
from benchmarks.anonymise_score import (
    COVERED,
    LEFT,
    SWAPPED,
    Judged,
    changed,
    figures,
    is_visible,
    judge,
    people_of,
)
from faceswap_ae.media.clip import open_clip
from tests.support.face_records import shaped

TINY = CastFilm(
    "tiny", (Part("ada", 90, (0.35, 0.5)), Part("ben", 80, (0.75, 0.5), "leaves")), (320, 240), 1
)


def judged(who: str, became: str, at: float, *, whole: bool = True) -> Judged:
    """A face whose original is at 0, and whose new face is at `at` on the first axis."""
    here, there = np.zeros(128, np.float32), np.zeros(128, np.float32)
    here[1] = 1.0 if who == "ben" else 0.0
    there[:] = here
    there[0] = at
    return Judged("film", 0, who, 50.0, 9.0, became, whole, here, there, there)


def test_the_films_show_what_is_hard() -> None:
    assert sorted({len(film.parts) for film in FILMS}) == [1, 2, 5]
    manners = {part.manner for film in FILMS for part in film.parts}
    assert manners == {"talks", "turns", "nears", "leaves"}
    assert any(film.hand for film in FILMS) and any(film.cut for film in FILMS)


def test_a_film_and_what_is_true_of_it(tmp_path: Path) -> None:
    clip = shoot(TINY, 4, tmp_path)
    assert open_clip(clip).count == 4
    truth = read_truth(tmp_path)
    assert [[face.who for face in row] for row in truth] == [["ada", "ben"]] * 4
    assert truth[0][0].seen == 1.0 and is_visible(truth[0][0])
    assert truth[2][1].seen == 0.0 and not is_visible(truth[2][1])  # ben has left
    # Nothing was done to the film: every visible face is left, at no distance.
    rows = [{"frame": number, COVERED: []} for number in range(4)]
    found = judge("tiny", truth, clip, clip, rows)
    assert {one.became for one in found} == {LEFT}
    assert max(one.distance for one in found) < 1e-3
    assert shoot(TINY, 4, tmp_path) == clip


def test_a_face_behind_another_is_not_seen() -> None:
    face = TrueFace("ada", shaped(), 0.1)
    assert not is_visible(face) and is_visible(replace(face, seen=0.5))
    assert not is_visible(replace(face, landmarks=shaped(10.0), seen=1.0))


def test_a_change_counts_only_in_the_face() -> None:
    before = np.full((200, 200, 3), 100, np.uint8)
    around, inside = before.copy(), before.copy()
    around[150:] = 0
    inside[30:140, 40:140] = 130
    assert changed(before, around, shaped()) == 0
    assert changed(before, inside, shaped()) == pytest.approx(30)


def test_figures() -> None:
    rows = [
        *(judged("ada", SWAPPED, 0.9), judged("ada", SWAPPED, 0.5), judged("ben", COVERED, 0.7)),
        *(judged("ben", LEFT, 0.0), judged("ben", COVERED, 0.1, whole=False)),
    ]
    told = figures(rows, people_of(rows))
    assert (told["faces"], told[LEFT], told[SWAPPED], told[COVERED]) == (5, 1, 2, 2)
    assert told["unlike, swapped"] == 0.5 and told["unlike, covered"] == 1.0
    assert told["unlike, all"] == 0.5
    assert told["retrieved, all"] == 1.0
    lines = table({"one": {**told, "mouth": {"ada": 0.9}, "frames/s": 4.5}}, 2).splitlines()
    assert len({line.count("|") for line in lines[1:]}) == 1
