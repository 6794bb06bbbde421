from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError
from faceswap_ae.synthetic.expression import MOVES, Expression
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.light import LIGHTS
from faceswap_ae.synthetic.model import model_of, rotation
from faceswap_ae.synthetic.occluder import KINDS, Kind, Occluder
from faceswap_ae.synthetic.people import alone, hybrid, person, random_person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, parse_size, render

ADA, BEN = alone(person("ada")), alone(person("ben"))
ACT = Act(face=120)
PLAIN = Setting(size=(224, 224))


def changed(one: SyntheticFrame, other: SyntheticFrame) -> NDArray[np.bool_]:
    """True where two frames differ (height, width)."""
    return np.asarray(np.abs(one.image.astype(int) - other.image).max(axis=-1) > 12)


def test_the_same_twice_and_another_grain() -> None:
    one, two = render(BEN, ACT, PLAIN), render(BEN, ACT, PLAIN)
    assert np.array_equal(one.image, two.image) and np.array_equal(one.mask, two.mask)
    assert np.array_equal(one.landmarks.room, two.landmarks.room)
    other = render(BEN, ACT, replace(PLAIN, seed=1))
    assert 0 < np.abs(one.image.astype(int) - other.image).mean() < 4


def test_finer_drawing_shows_the_same_picture() -> None:
    plain = replace(PLAIN, grain=0)
    one, fine = render(BEN, ACT, plain), render(BEN, ACT, replace(plain, oversample=2))
    assert np.abs(one.image.astype(int) - fine.image).mean() < 3
    assert np.abs(one.landmarks.picture - fine.landmarks.picture)[17:].max() < 0.45
    agree = (one.mask > 0) == (fine.mask > 0)
    assert agree.mean() > 0.98


def test_landmarks_lie_where_they_should() -> None:
    points = render(BEN, ACT, PLAIN).landmarks.picture
    assert points.shape == (68, 2)
    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    nose, mouth, chin = points[30], points[48:68].mean(axis=0), points[8]
    assert left[0] < nose[0] < right[0]
    assert left[1] < nose[1] < mouth[1] < chin[1]
    assert points[17:22, 1].max() < points[36:42, 1].min()  # brows over eyes
    assert np.all(np.diff(points[:9, 1]) > 0)  # down the jaw


@pytest.mark.parametrize("act", [Act(120, yaw=25), Act(120, pitch=-10), Act(120, roll=12)])
def test_the_head_turns_as_told(act: Act) -> None:
    straight, turned = (render(BEN, doing, PLAIN) for doing in (ACT, act))
    turn = rotation(act.yaw, act.pitch, act.roll)
    rigid = [*range(27, 36), 36, 39, 42, 45]  # points that no expression moves
    before, after = (made.landmarks.room[rigid] for made in (straight, turned))
    found = (after - after.mean(axis=0)) - (before - before.mean(axis=0)) @ turn.T
    assert np.abs(found).max() < 0.6  # millimetres
    assert np.allclose(turned.turn, turn)


def test_eyes_close_and_mouths_open() -> None:
    def gaps(frame: SyntheticFrame) -> tuple[float, float]:
        p = frame.landmarks.picture
        return float(p[41, 1] - p[37, 1]), float(p[66, 1] - p[62, 1])

    eye, mouth = gaps(render(BEN, ACT, PLAIN))
    closed, _ = gaps(render(BEN, replace(ACT, look=Look(blink=(1, 1))), PLAIN))
    _, opened = gaps(render(BEN, replace(ACT, felt=Expression(jaw=0.8)), PLAIN))
    assert closed < 0.25 * eye
    assert opened > mouth + 8


@pytest.mark.parametrize("name", [*MOVES, "jaw"])
def test_every_expression_shows_in_the_face_only(name: str) -> None:
    plain = replace(PLAIN, grain=0)
    calm, felt = (
        render(BEN, replace(ACT, felt=Expression(**how)), plain) for how in ({}, {name: 1})
    )
    where = changed(calm, felt)
    assert where.sum() > 40
    left, top = calm.landmarks.picture.min(axis=0).astype(int)
    assert not where[: max(0, top - 40)].any() and not where[:, : max(0, left - 25)].any()


def test_gaze_moves_the_irises_and_little_else() -> None:
    plain = replace(PLAIN, grain=0)
    ahead = render(BEN, ACT, plain)
    aside = render(BEN, replace(ACT, look=Look((20, 0))), plain)
    down, across = np.nonzero(changed(ahead, aside))
    eyes = ahead.landmarks.picture[36:48]
    assert len(down) > 20
    assert eyes[:, 1].min() - 6 < down.min() and down.max() < eyes[:, 1].max() + 6
    assert eyes[:, 0].min() - 6 < across.min() and across.max() < eyes[:, 0].max() + 6


def test_the_mask_covers_the_face_and_nothing_else() -> None:
    frame = render(BEN, ACT, PLAIN)
    points = frame.landmarks.picture.round().astype(int)
    assert frame.mask[points[30, 1], points[30, 0]] == 255
    low, high = points.min(axis=0) - 2, points.max(axis=0) + 2
    outside = frame.mask.copy()
    outside[low[1] : high[1] + 1, low[0] : high[0] + 1] = 0
    assert not outside.any()
    assert set(np.unique(frame.mask)) == {0, 255}


@pytest.mark.parametrize("kind", KINDS)
def test_an_occluder_is_cut_out_of_the_mask(kind: Kind) -> None:
    plain = replace(PLAIN, grain=0)
    nose = render(BEN, ACT, plain).landmarks.picture[33]
    thing = Occluder(kind, (float(nose[0]), float(nose[1]) + 15), 60, 20)
    free, hidden = render(BEN, ACT, plain), render(BEN, ACT, replace(plain, occluder=thing))
    lost = (free.mask > 0) & (hidden.mask == 0)
    assert 300 < lost.sum() < (free.mask > 0).sum()
    assert changed(free, hidden)[lost].mean() > 0.8
    assert np.array_equal(free.landmarks.picture, hidden.landmarks.picture)


def test_two_people_in_one_picture() -> None:
    setting = replace(PLAIN, size=(400, 224))
    left, right = replace(ACT, centre=(0.3, 0.47)), replace(ACT, centre=(0.75, 0.47))
    both = render(ADA, left, setting, [(BEN, right)])
    one = render(ADA, left, setting)
    assert np.array_equal(both.mask, one.mask)
    assert changed(both, one)[:, 240:].mean() > 0.3
    assert not changed(both, one)[one.mask > 0].any()


def test_what_a_swap_changes() -> None:
    plain = replace(PLAIN, grain=0)
    ada = render(ADA, ACT, plain)
    features, face = (
        render(hybrid(person("ben"), person("ada"), truth), ACT, plain)
        for truth in ("features", "face")
    )
    # Outside the face only shadows change.
    outside = np.ones(ada.mask.shape, bool)
    low, high = ada.landmarks.picture.min(axis=0) - 14, ada.landmarks.picture.max(axis=0) + 14
    outside[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])] = False
    assert changed(ada, features)[outside].mean() < 0.02
    assert changed(ada, features)[ada.mask > 0].mean() > 0.2
    # With the truth `features` the chin stays the head's; with `face` it does not.
    chins = [made.landmarks.room[8] for made in (ada, features, face)]
    assert np.linalg.norm(chins[0] - chins[1]) < np.linalg.norm(chins[0] - chins[2])
    eyes = [made.landmarks.room[36:48] for made in (features, face, render(BEN, ACT, plain))]
    assert np.abs(eyes[0][:, :2] - eyes[2][:, :2]).max() < 1.5
    assert np.abs(eyes[1][:, :2] - eyes[2][:, :2]).max() < 1.5


@pytest.mark.parametrize(("face", "head"), [("ben", "ada"), ("carl", "dina"), ("random:1", "ada")])
def test_hair_forehead_and_tone_stay_the_heads(face: str, head: str) -> None:
    plain = replace(PLAIN, grain=0)
    owner, swapped = alone(person(head)), hybrid(person(face), person(head))
    one, other = (model_of(sitter, 2) for sitter in (owner, swapped))
    assert np.array_equal(one.shell.tip, other.shell.tip)
    forehead = (one.relief.plane[..., 1] > 45) & (one.surface.face > 0)
    moved = np.abs(one.relief.points - other.relief.points)[forehead]
    assert moved.max() < 0.6
    frames = [render(sitter, ACT, plain) for sitter in (owner, swapped)]
    over = int(min(frame.landmarks.picture[17:27, 1].min() for frame in frames)) - 20
    assert changed(*frames)[:over].mean() < 0.002


def test_landmarks_move_smoothly() -> None:
    found = [
        render(BEN, Act(120, yaw=yaw), replace(PLAIN, detail=120)).landmarks.picture
        for yaw in np.arange(14, 19, 0.1)
    ]
    assert np.abs(np.diff(found, axis=0)).max() < 0.6  # pixels per tenth of a degree


@pytest.mark.parametrize("name", LIGHTS)
def test_light_falls_from_its_side(name: str) -> None:
    light = LIGHTS[name]
    frame = render(BEN, ACT, replace(PLAIN, light=light, grain=0))
    points = frame.landmarks.picture
    middle = int(points[27:31, 0].mean())
    face = np.where(frame.mask > 0, frame.image.mean(axis=-1), np.nan)
    left, right = np.nanmean(face[:, :middle]), np.nanmean(face[:, middle:])
    assert (left > right) == (light.azimuth < 0)
    assert 30 < np.nanmean(face) < 235


@pytest.mark.parametrize("seed", range(4))
def test_random_people_can_be_drawn(seed: int) -> None:
    frame = render(alone(random_person(seed)), ACT, PLAIN)
    assert frame.mask.any() and np.isfinite(frame.landmarks.room).all()


def test_a_window_shows_what_the_whole_shows() -> None:
    whole = render(BEN, ACT, PLAIN)
    part = render(BEN, ACT, replace(PLAIN, window=(60, -10, 170, 150)))
    empty = render(BEN, ACT, replace(PLAIN, window=(-20, 0, 0, 224)))
    inside = np.s_[0:130, 80:150]
    differs = np.abs(part.image[inside].astype(int) - whole.image[inside])
    assert differs.max() <= 12 and differs.mean() < 0.1
    assert np.array_equal(part.image[:, :50], empty.image[:, :50])
    assert np.array_equal(part.image[170:], empty.image[170:])


@pytest.mark.parametrize("centre", [(-2.0, 0.5), (0.0, 0.0), (1.0, 1.0), (0.5, 1.4)])
def test_a_head_that_leaves_the_picture(centre: tuple[float, float]) -> None:
    frame = render(BEN, replace(ACT, centre=centre), PLAIN)
    assert frame.image.shape == (224, 224, 3)
    assert (frame.mask > 0).mean() < 0.2


def test_sizes_that_cannot_be_drawn() -> None:
    with pytest.raises(UserError, match="a picture of 10x99"):
        render(BEN, ACT, Setting(size=(10, 99)))
    with pytest.raises(UserError, match="a face of 4 pixels"):
        render(BEN, Act(face=4), PLAIN)
    assert parse_size("480X360") == (480, 360)
    for wrong in ("480", "480x", "x", "ax3"):
        with pytest.raises(UserError, match="is not a size; write 480x360"):
            parse_size(wrong)
