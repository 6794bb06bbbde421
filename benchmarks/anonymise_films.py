"""In which films is it counted whom anonymise leaves recognisable?

They show what makes it hard: turned heads, small faces, a hand before a face, people who leave and
come back, several at once, a cut. The renderer says where every face is, and how much of it is
seen.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.media.clip import BT709, Clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.writer import writing
from faceswap_ae.synthetic.landmarks import landmarks
from faceswap_ae.synthetic.light import LIGHTS
from faceswap_ae.synthetic.model import FACE_HEIGHT, Camera, model_of, posed, rotation, stride_for
from faceswap_ae.synthetic.motion import Performance, voice
from faceswap_ae.synthetic.occluder import Occluder, occlude
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.render_processes import in_processes
from faceswap_ae.synthetic.scene import Act, Setting, render

RATE = 25
HD, FULL_HD = (1280, 720), (1920, 1080)
LATER = 40.0  # seconds that have passed after a cut
FURTHEST = 80.0  # degrees to which a head turns
NEARER = 3.0  # times as large somebody becomes who comes nearer
OUTSIDE = 0.7  # of the picture's width: how far somebody walks
HIDDEN = (0.25, 0.75)  # of the film: while a hand is before the face

Manner = Literal["talks", "turns", "nears", "leaves"]


@dataclass(frozen=True)
class Part:
    """Who is in a film, how large (pixels of the head), where, and what they do."""

    who: str
    face: float
    centre: tuple[float, float] = (0.5, 0.47)
    manner: Manner = "talks"

    def act(self, share: float, time: float, seed: int) -> Act:
        """What they do at a moment; `share` of the film has passed."""
        act = Performance(seed).act(time, self.face, self.centre)
        wave = float(np.sin(2 * np.pi * share))
        match self.manner:
            case "turns":
                return replace(act, yaw=FURTHEST * wave)
            case "nears":
                return replace(act, face=self.face * NEARER**share)
            case "leaves":
                side = 1 if self.centre[0] > 0.5 else -1
                away = side * OUTSIDE * max(0.0, float(np.sin(np.pi * share))) ** 2
                return replace(act, centre=(act.centre[0] + away, act.centre[1]))
        return act


@dataclass(frozen=True)
class CastFilm:
    """A film: the first part is in front."""

    name: str
    parts: tuple[Part, ...]
    size: tuple[int, int] = HD
    seed: int = 0
    hand: bool = False  # before the face of the first part
    cut: bool = False


FILMS = (
    CastFilm("one", (Part("ada", 430),), FULL_HD, 1),
    CastFilm("turned", (Part("ben", 300, manner="turns"),), HD, 2),
    CastFilm("hidden, cut", (Part("fatou", 300),), HD, 3, hand=True, cut=True),
    CastFilm("two", (Part("dina", 260, (0.32, 0.5)), Part("carl", 230, (0.7, 0.47))), HD, 4),
    CastFilm(
        "small, nearer",
        (Part("emil", 31, (0.3, 0.5), "nears"), Part("ada", 45, (0.7, 0.45))),
        HD,
        5,
    ),
    CastFilm(
        "leaving",
        (Part("ben", 240, (0.3, 0.5), "leaves"), Part("fatou", 220, (0.72, 0.48), "leaves")),
        HD,
        6,
    ),
    CastFilm(
        "five, cut",
        (
            Part("ada", 190, (0.12, 0.55)),
            Part("ben", 180, (0.31, 0.42)),
            Part("carl", 170, (0.5, 0.56), "turns"),
            Part("dina", 180, (0.69, 0.42)),
            Part("emil", 190, (0.88, 0.55), "leaves"),
        ),
        HD,
        7,
        cut=True,
    ),
)


@dataclass(frozen=True, eq=False)
class TrueFace:
    """A face of a frame, by the renderer."""

    who: str
    landmarks: Points  # (68, 2)
    seen: float  # share of the face that is in the picture, and before which nothing is

    @property
    def size(self) -> float:
        """Return the longer side of the landmarks' box, in pixels."""
        return float(np.ptp(self.landmarks, axis=0).max())


def shoot(film: CastFilm, count: int, folder: Path) -> Path:
    """Render a film of so many frames, unless it is there. Return its clip."""
    clip, truth = folder / "clip.mp4", folder / "truth.json"
    if truth.is_file():
        return clip
    like = Clip(
        Path("film"), *film.size, Fraction(RATE), Fraction(1, RATE), Fraction(count, RATE), count,
        pixels="rgb24", colour=BT709,
    )  # fmt: skip
    rows = []
    sound = voice(Performance(film.seed), count / RATE)
    with (
        writing(clip, like, Encoding("h264", repeatable=True), tracks=sound) as pictures,
        closing(in_processes(partial(_frame, film, count), count)) as frames,
    ):
        for index, (image, row) in enumerate(frames):
            pictures.write(image, Fraction(index, RATE), Fraction(1, RATE))
            rows.append(row)
    truth.write_text(json.dumps(rows), encoding="utf-8")
    return clip


def read_truth(folder: Path) -> list[list[TrueFace]]:
    """Return the faces of each frame."""
    rows = json.loads((folder / "truth.json").read_bytes())
    return [
        [TrueFace(one["who"], np.array(one["landmarks"]), one["seen"]) for one in row]
        for row in rows
    ]


def _frame(film: CastFilm, count: int, index: int) -> tuple[Image, list[dict[str, Any]]]:
    scene = int(film.cut and 2 * index >= count)
    share, time = index / count, index / RATE + LATER * scene
    acts = [
        part.act(share, time, 10 * film.seed + number) for number, part in enumerate(film.parts)
    ]
    if scene:  # the others are where nobody was
        acts = [replace(act, centre=(1.03 - act.centre[0], act.centre[1])) for act in acts]
    hand = _hand(film, acts[0], share)
    light = list(LIGHTS.values())[(film.seed + scene) % len(LIGHTS)]
    backdrop, grain = film.seed + 100 * scene, film.seed * 1_000_003 + index
    setting = Setting(film.size, light, backdrop, seed=grain, occluder=hand)
    front, *others = [
        (alone(person(part.who)), act) for part, act in zip(film.parts, acts, strict=True)
    ]
    image = render(*front, setting, others[::-1]).image
    before = np.zeros(film.size[::-1], np.uint8)
    if hand is not None:
        before = occlude(np.zeros((*before.shape, 3), np.float32), hand, light)
    rows = []
    for part, act in zip(film.parts, acts, strict=True):
        points = _landmarks(part, act, film.size)
        rows.append(
            {"who": part.who, "landmarks": points.round(2).tolist(), "seen": _seen(points, before)}
        )
    return image, rows


def _hand(film: CastFilm, act: Act, share: float) -> Occluder | None:
    """A hand that comes up before a half of the face, and goes again."""
    begin, end = HIDDEN
    if not film.hand or not begin <= share <= end:
        return None
    way = float(np.sin(np.pi * (share - begin) / (end - begin))) ** 0.5
    width, height = film.size
    across = (act.centre[0] * width) + act.face * (0.6 - 0.35 * way)
    down = height * (1 - way) + (act.centre[1] * height + 0.1 * act.face) * way
    return Occluder("hand", (across, down), 0.55 * act.face, 20, person(film.parts[0].who).tone)


def _landmarks(part: Part, act: Act, size: Sequence[int]) -> Points:
    """Return (68, 2): where the landmarks are in the picture."""
    scale = act.face / FACE_HEIGHT
    turn = rotation(act.yaw, act.pitch, act.roll)
    scene = posed(model_of(alone(person(part.who)), stride_for(scale)), act.felt, turn, (0, 0, 0))
    centre = act.centre[0] * size[0], act.centre[1] * size[1]
    found = landmarks(scene, Camera(scale, centre, scale), act.look).picture
    return np.asarray(found, np.float64)


def _seen(points: Points, before: Image) -> float:
    """Return the share of a face that is seen, and hide what is behind it."""
    height, width = before.shape
    whole = np.zeros((3 * height, 3 * width), np.uint8)  # with what is around the picture
    hull = cv2.convexHull((points + np.array([width, height])).round().astype(np.int32))
    cv2.fillConvexPoly(whole, hull, 255)
    inside = whole[height : 2 * height, width : 2 * width]
    share = float((inside & ~before).astype(bool).sum() / max((whole > 0).sum(), 1))
    before |= inside
    return round(share, 3)
