"""How is a clip of synthetic people rendered, with sound, face mask and ground truth?

The ground truth is a JSON file with the landmarks, pose and expression of every frame. Frames are
rendered on all cores, by processes of their own.
"""

import json
import math
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.interrupts import stoppable
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.limits import check_pixels
from faceswap_ae.media.clip import BT709, Clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.writer import writing
from faceswap_ae.synthetic.light import LIGHTS
from faceswap_ae.synthetic.motion import Performance, voice
from faceswap_ae.synthetic.occluder import KINDS, Occluder
from faceswap_ae.synthetic.people import Sitter, Truth, alone, hybrid, person, truth_named
from faceswap_ae.synthetic.render_processes import in_processes
from faceswap_ae.synthetic.scene import LEAST_FACE, Act, Setting, SyntheticFrame, Window, render
from faceswap_ae.version import TOOL

FACE = 0.42  # of the picture's shorter side
TOLD = "truth.json"  # written last: a film that has this file is complete
LONGEST_HEAD = 2000  # characters of the truth's first line
HIDDEN = (0.35, 0.75)  # the part of the clip's length in which something crosses the face

Made = tuple[Image, Image, dict[str, Any]]  # picture, visible face, truth


@dataclass(frozen=True)
class Film:
    """The settings of a clip. The same settings with another face give the truth of a swap."""

    who: str = "ada"
    as_if: str | None = None
    truth: Truth = "features"
    company: str | None = None  # a second person in the picture
    seconds: Fraction = Fraction(10)
    fps: Fraction = Fraction(15)
    size: tuple[int, int] = (480, 360)
    seed: int = 0
    occlude: bool = False
    cut: bool = False  # a scene cut to another place, in the middle of the clip

    @property
    def count(self) -> int:
        return round(self.seconds * self.fps)

    @property
    def sitter(self) -> Sitter:
        """The person in front, with their own face or with another person's face."""
        head = person(self.who)
        return alone(head) if self.as_if is None else hybrid(person(self.as_if), head, self.truth)


def shoot(
    film: Film, out: Path, told: Callable[[int], None], *, lossless: bool = False
) -> list[Path]:
    """Write the clip, its face mask and its ground truth into a folder. Return the files."""
    _check(film)
    clip = out / ("clip.mkv" if lossless else "clip.mp4")
    mask, truth = out / "face-mask.mkv", out / TOLD
    encoding = Encoding("ffv1" if lossless else "h264", repeatable=True)
    grey = Encoding("ffv1", repeatable=True)
    stale = out / ("clip.mp4" if lossless else "clip.mkv")
    sound = voice(Performance(film.seed), float(film.count / film.fps))
    rows: list[str] = []  # as text: a long film's lists of numbers would fill the memory
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable())
        pictures = stack.enter_context(writing(clip, _like(film, "rgb24"), encoding, tracks=sound))
        masks = stack.enter_context(writing(mask, _like(film, "gray"), grey))
        made = stack.enter_context(closing(in_processes(partial(_make, film), film.count)))
        try:
            for index, (image, face, row) in enumerate(made):
                time = index / film.fps
                pictures.write(image, time, 1 / film.fps)
                masks.write(face, time, 1 / film.fps)
                rows.append(json.dumps(row, default=str))
                told(index + 1)
                stop.heed()
        except Fault:
            # A kill of the whole process group may end the rendering processes first.
            stop.heed()
            raise
    stop.heed()
    stale.unlink(missing_ok=True)  # it belongs to another film, not to the truth written below
    write_text(truth, _truth_as_json(film, clip.name, rows))
    return [clip, truth, mask]


def film_of(folder: Path) -> Film | None:
    """The film that a folder holds, or None if it is not complete or not of this version.

    The settings are in the first line of the truth file; only that line is read, since the other
    lines are far longer.
    """
    try:
        with (folder / TOLD).open(encoding="utf-8") as file:
            head = JsonFields.parse(file.readline(LONGEST_HEAD).rstrip().rstrip(",") + "}")
        return _film_from_json(head.inner("film")) if head.text("made_by") == TOOL else None
    except (OSError, ValueError, UserError):
        return None


def _film_from_json(told: JsonFields) -> Film:
    """Read a film's settings. Raises ValueError or UserError if no such film can be rendered."""
    width, height = map(int, told.numbers("size", 2))
    check_pixels(TOLD, width, height)
    film = Film(
        who=told.text("who"),
        as_if=told.text("as_if") if told.has("as_if") else None,
        truth=truth_named(told.text("truth")),
        company=told.text("company") if told.has("company") else None,
        seconds=told.fraction("seconds"),
        fps=told.fraction("fps"),
        size=(width, height),
        seed=told.whole("seed"),
        occlude=told.flag("occlude"),
        cut=told.flag("cut"),
    )
    _check(film)
    return film


def _truth_as_json(film: Film, clip: str, rows: list[str]) -> str:
    """The ground truth as JSON, one line for each frame."""
    head = {"version": 1, "made_by": TOOL, "clip": clip, "film": asdict(film)}
    frames = ",\n".join(rows)
    return json.dumps(head, default=str)[:-1] + f',\n"frames": [\n{frames}\n]}}\n'


def _check(film: Film) -> None:
    """Raise a UserError for a film that cannot be rendered, before anything is written."""
    for name in (film.who, film.as_if, film.company):
        if name is not None:
            person(name)
    if film.seconds * film.fps < 1:
        raise UserError(f"a film of {float(film.seconds):g} s has no frame")
    least = 0.9 * (0.85 if film.company else 1) * (0.75 if film.cut else 1) * FACE
    if least * min(film.size) < LEAST_FACE:
        side, (width, height) = math.ceil(LEAST_FACE / least), film.size
        raise UserError(f"{width}x{height} is too small: this film needs {side} pixels a side")


def frame(film: Film, index: int, window: Window | None = None) -> SyntheticFrame:
    """Render one frame alone. The result is the same in every process.

    People are only drawn in the `window`.
    """
    sitter, act, setting, others = _staged(film, index)
    return render(sitter, act, replace(setting, window=window), others)


def _make(film: Film, index: int) -> Made:
    sitter, act, setting, others = _staged(film, index)
    made = render(sitter, act, setting, others)
    row = {
        "index": index,
        "time": str(index / film.fps),
        "landmarks": made.landmarks.picture.round(3).tolist(),
        "points": made.landmarks.room.round(3).tolist(),
        "turn": made.turn.round(6).tolist(),
        "act": asdict(act),
        "others": [asdict(doing) for _, doing in others],
        "light": asdict(setting.light),
        "backdrop": setting.backdrop,  # another number means another place: a scene cut
        "occluder": asdict(setting.occluder) if setting.occluder else None,
    }
    return made.image, made.mask, row


def _staged(film: Film, index: int) -> tuple[Sitter, Act, Setting, list[tuple[Sitter, Act]]]:
    """The person, the act and the setting of one frame, and the other people in it."""
    time, (width, height) = float(index / film.fps), film.size
    scene = 1 if film.cut and 2 * index >= film.count else 0
    rng = np.random.default_rng([film.seed, 60 + scene])
    light = list(LIGHTS.values())[int(rng.integers(len(LIGHTS)))]
    face = FACE * min(width, height) * float(1.0 if scene == 0 else rng.uniform(0.75, 1.2))
    backdrop = int(rng.integers(1000))
    centre = (0.5, 0.47) if film.company is None else (0.34, 0.48)
    # Time has passed after a cut.
    moment = time + 40 * scene
    act = Performance(film.seed).act(moment, face, centre)
    others = []
    if film.company is not None:
        other = Performance(film.seed + 1).act(moment, 0.85 * face, (0.73, 0.46))
        others.append((alone(person(film.company)), other))
    crossing = _crossing(film, act, index / film.count) if film.occlude else None
    grain = film.seed * 1_000_003 + index
    setting = Setting(film.size, light, backdrop, seed=grain, occluder=crossing, detail=face)
    return film.sitter, act, setting, others


def _crossing(film: Film, act: Act, part: float) -> Occluder | None:
    """An occluder that comes up from below, stays in front of the mouth and goes again.

    It is a hand or a microphone. `part` is the moment, as a share of the clip. None: there is no
    occluder at that moment.
    """
    begin, end = HIDDEN
    if not begin <= part <= end:
        return None
    rng = np.random.default_rng([film.seed, 70])
    width, height = film.size
    way = np.sin(np.pi * (part - begin) / (end - begin)) ** 0.5
    size = act.face * float(rng.uniform(0.42, 0.55))
    side = float(rng.choice([-1, 1]))
    across = act.centre[0] * width + side * act.face * (0.55 - 0.45 * way)
    mouth = act.centre[1] * height + 0.25 * act.face
    below = max(mouth, height) + 1.2 * size
    down = below + (mouth - below) * way
    kind = KINDS[int(rng.integers(len(KINDS)))]
    tone = person(film.who).tone
    return Occluder(kind, (across, down), size, side * float(rng.uniform(10, 40)), tone)


def _like(film: Film, pixels: str) -> Clip:
    width, height = film.size
    length = film.count / film.fps
    return Clip(
        Path("film"),
        width,
        height,
        film.fps,
        1 / film.fps,
        length,
        film.count,
        pixels=pixels,
        colour=BT709,
    )
