import numpy as np

from faceswap_ae.faces.mesh import EYE_RINGS
from faceswap_ae.reenactment.head_model import head_model
from faceswap_ae.reenactment.rest_shape import person_shape
from faceswap_ae.reenactment.transfer import LOWER, UPPER, smoothed, transfer, wanted_meshes
from tests.support.heads import head, placed

SHUT = len(head_model().moves) - 1  # the last expression is a blink


def performance(who: int, count: int = 40) -> np.ndarray:
    """A person who opens the mouth, turns, and blinks in the middle."""
    heads, yaws = [], []
    for number in range(count):
        shut = 4.0 if abs(number - count // 2) <= 1 else 0.0
        heads.append(head(who, m0=1.5 + 1.5 * np.sin(number / 4), **{f"m{SHUT}": shut}))
        yaws.append(8 * np.sin(number / 9))
    meshes = [placed(one[None], yaw)[0] for one, yaw in zip(heads, yaws, strict=True)]
    return np.array(meshes, np.float32)


def gap(meshes: np.ndarray, ring: tuple[int, ...]) -> np.ndarray:
    upper, lower = list(ring[UPPER]), list(ring[LOWER])
    apart = np.linalg.norm(meshes[:, upper, :2] - meshes[:, lower, :2], axis=-1)
    return np.asarray(apart.mean(axis=1))


def test_a_performer_who_is_the_person_stays() -> None:
    play = performance(1)
    wanted = wanted_meshes(play, person_shape(play.astype(np.float64)))
    assert np.abs(wanted - smoothed(play, 0, len(play)))[:, :468].mean() < 0.3


def test_the_shape_is_the_persons_and_the_movement_the_performers() -> None:
    play, own = performance(1), performance(2)
    wanted = wanted_meshes(play, person_shape(own.astype(np.float64)))
    to_own, to_play = (np.linalg.norm(wanted - one, axis=-1).mean() for one in (own, play))
    assert to_own < 0.6 * to_play
    mouths = [np.linalg.norm(one[:, 13] - one[:, 14], axis=-1) for one in (wanted, play)]
    assert np.corrcoef(mouths)[0, 1] > 0.95


def test_who_shuts_the_eyes_shuts_the_eyes() -> None:
    play, own = performance(1), performance(2)
    wanted = wanted_meshes(play, person_shape(own.astype(np.float64)))
    for ring in EYE_RINGS:
        made, wished = gap(wanted, ring), gap(own, ring)
        assert abs(made.min() - wished.min()) < 0.35 * (np.median(wished) - wished.min())


def test_eyes_open_wide_in_full() -> None:
    """Lids that close by less than the performer's, because the eyes are narrower, open as far."""
    ring, play = EYE_RINGS[0], performance(1)
    lids = list(ring)[UPPER]
    play[30:34, lids, 1] -= 4  # pixels
    own = performance(2)
    own[:, lids, 1] += 3
    moving = transfer(play, person_shape(own.astype(np.float64)))
    assert moving.lids[0] < 1
    heads, places = moving.heads(0, len(play))
    performed = places.to_heads(smoothed(play, 0, len(play))) - moving.performer.rest
    made = heads - moving.person.rest
    assert np.allclose(made[32, lids, 1], performed[32, lids, 1])
    assert np.allclose(made[20, lids, 1], moving.lids[0] * performed[20, lids, 1])


def test_parts_are_smoothed_as_the_whole_is() -> None:
    play = performance(3)
    whole = smoothed(play, 0, len(play))
    assert np.allclose(smoothed(play, 10, 25), whole[10:25])
