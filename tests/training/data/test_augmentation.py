from dataclasses import fields, replace

import numpy as np
import pytest

from faceswap_ae.common import config
from faceswap_ae.common.errors import RecipeError
from faceswap_ae.common.geometry import Image, Points, compose, transform, warp
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.landmark_masks import GREY, hide_outside, hull_mask
from faceswap_ae.training.data.augmentation import (
    Augmentation,
    AugmentedFace,
    SourceFace,
    SourcesAround,
    augment,
    without_chance,
)
from faceswap_ae.training.data.geometric import MIRRORED, from_pixels, mirror, to_pixels
from tests.support.face_folders import shot

SIZE, MARGIN = 64, 8
STAY = np.eye(2, 3)
STILL = without_chance(Augmentation())
MOVED = replace(STILL, rotation=10.0, scale=0.1, shift=0.05)


def source(who: str = "ada", yaw: float = -10.0) -> SourceFace:
    image, points = shot(who, yaw)
    shift = np.array([[1.0, 0.0, MARGIN], [0.0, 1.0, MARGIN]])
    matrix = compose(shift, matrix_of(points, "whole", SIZE))
    side = SIZE + 2 * MARGIN
    return SourceFace(warp(image, matrix, (side, side)), transform(points, matrix), MARGIN)


def dotted(place: int) -> SourceFace:
    """A source face that is black, with a white dot at one landmark."""
    plain = source()
    y, x = np.mgrid[0 : plain.image.shape[0], 0 : plain.image.shape[1]]
    away = np.square(np.stack([x, y], axis=-1) - plain.landmarks[place]).sum(axis=-1)
    dot = (255 * np.exp(-away / 6)).astype(np.uint8)
    return replace(plain, image=np.repeat(dot[..., None], 3, axis=2))


def middle(image: Image) -> Points:
    """The centre of the bright pixels, in the unit square."""
    weight = image[..., 0].astype(np.float64)
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
    at = np.array([[(x * weight).sum(), (y * weight).sum()]]) / weight.sum()
    return np.asarray(transform(at, from_pixels(image.shape[0]))[0])


def made(
    options: Augmentation, seed: int = 0, sizes: tuple[int, int] = (SIZE, SIZE)
) -> AugmentedFace:
    return augment(source(), sizes, options, np.random.default_rng(seed))


@pytest.mark.parametrize("flip", [0.0, 1.0])
@pytest.mark.parametrize("place", [21, 30, 36, 45, 54])
def test_landmarks_go_where_their_pixels_go(place: int, flip: float) -> None:
    name = MIRRORED[place] if flip else place
    for seed in range(8):
        options, rng = replace(MOVED, flip=flip), np.random.default_rng(seed)
        sample = augment(dotted(place), (48, 96), options, rng)
        # 0.003 is 0.3 pixels of the target.
        assert np.linalg.norm(middle(sample.target) - sample.landmarks[name]) < 0.003
        assert np.linalg.norm(middle(sample.warped) - sample.landmarks[name]) < 0.006


def test_a_mirrored_face_looks_the_other_way() -> None:
    plain, seen = made(STILL), made(replace(STILL, flip=1.0))
    assert np.array_equal(seen.target, plain.target[:, ::-1])
    assert np.array_equal(seen.warped, plain.warped[:, ::-1])
    off = seen.mask.astype(int) - plain.mask[:, ::-1]
    assert np.abs(off).mean() < 2
    # The eyebrow on the viewer's left is still the first.
    assert seen.landmarks[17, 0] < seen.landmarks[26, 0]


def test_steady_options_change_nothing() -> None:
    face = source()
    inside = face.image[MARGIN:-MARGIN, MARGIN:-MARGIN]
    for seed in range(3):
        sample = made(STILL, seed)
        assert np.array_equal(sample.target, inside)
        assert np.array_equal(sample.warped, inside)
        assert np.allclose(sample.light, sample.colours)
        assert np.allclose(sample.landmarks, transform(face.landmarks - MARGIN, from_pixels(SIZE)))
    assert without_chance(Augmentation(hide=True)).hide


def test_the_same_generator_gives_the_same_face() -> None:
    every = Augmentation(
        occluder=1, motion=1, blur=1, shrink=1, jpeg=1, hide=True, colour=1, to_landmarks=1
    )
    around = SourcesAround(source("ben"), source("ben").shape[None].astype(np.float32))

    def face(seed: int) -> AugmentedFace:
        rng = np.random.default_rng(seed)
        return augment(source(), (SIZE, SIZE), every, rng, around)

    one, same, other = face(1), face(1), face(2)
    for field in fields(AugmentedFace):
        values = (getattr(sample, field.name) for sample in (one, same, other))
        first, second, third = values
        assert np.array_equal(first, second), field.name
        if field.name != "colours":  # both seeds have the same colour donor
            assert not np.array_equal(first, third), field.name


def test_the_target_has_no_occluder_and_its_mask_is_cut() -> None:
    for seed in range(20):
        free = made(MOVED, seed)
        hidden = made(replace(MOVED, occluder=1.0), seed)
        assert np.array_equal(free.target, hidden.target)
        for name in ("mask", "eyes", "mouth"):
            assert (getattr(hidden, name) <= getattr(free, name)).all()
        assert hidden.mask.sum() < 0.99 * free.mask.sum()
        # Where the mask is complete, the input shows the face, or a shadow on it.
        whole = (hidden.mask == free.mask) & (free.mask == 255)
        brighter = hidden.warped[whole].astype(int) - free.warped[whole]
        assert brighter.max(initial=0) <= 12
        # Where the mask is cut, the input shows something else.
        gone = (hidden.mask == 0) & (free.mask == 255)
        if gone.sum() > 50:
            assert np.abs(hidden.warped[gone].astype(int) - free.warped[gone]).mean() > 5


def test_only_the_input_is_bent() -> None:
    plain, bent = made(STILL), made(replace(STILL, warp=0.03))
    assert np.array_equal(plain.target, bent.target)
    assert np.array_equal(plain.mask, bent.mask)
    assert not np.array_equal(plain.warped, bent.warped)


def test_a_face_is_bent_to_the_other_ones_shape() -> None:
    ben = source("ben", 20.0).shape
    around = SourcesAround(shapes=ben[None].astype(np.float32))
    for flip in (0.0, 1.0):
        options = replace(STILL, to_landmarks=1.0, flip=flip)
        off, before = [], []
        for place in (21, 27, 30, 33, 42, 51, 57):
            rng = np.random.default_rng(0)
            sample = augment(dotted(place), (SIZE, SIZE), options, rng, around)
            goal = transform(ben, mirror(STAY))[place] if flip else ben[place]
            own = sample.landmarks[MIRRORED[place] if flip else place]
            off.append(np.linalg.norm(middle(sample.warped) - goal))
            before.append(np.linalg.norm(own - goal))
        assert np.mean(off) < 0.6 * np.mean(before)


def test_colours_change_input_and_target_alike() -> None:
    options, rng = replace(STILL, colour=1.0), np.random.default_rng(0)
    sample = augment(source(), (SIZE, SIZE), options, rng, SourcesAround(source("ben")))
    assert np.array_equal(sample.light, sample.colours)
    assert not np.allclose(sample.colours, made(STILL).colours, atol=0.02)
    lit = made(replace(STILL, gain=0.25))
    assert np.allclose(lit.colours, made(STILL).colours)
    assert not np.allclose(lit.light, lit.colours, atol=0.02)


def test_a_painted_mask_goes_before_the_hull() -> None:
    face = source()
    painted = np.zeros(face.image.shape[:2], np.uint8)
    painted[30:50, 20:60] = 200
    rng = np.random.default_rng(0)
    sample = augment(replace(face, mask=painted), (SIZE, SIZE), STILL, rng)
    assert np.array_equal(sample.mask, painted[MARGIN:-MARGIN, MARGIN:-MARGIN])


def test_masks_lie_on_their_landmarks() -> None:
    for seed in range(5):
        sample = made(replace(MOVED, flip=0.5), seed, (32, 96))
        points = transform(sample.landmarks, to_pixels(96))
        assert np.array_equal(sample.mask, hull_mask(points, (96, 96)))
        for mask, part in ((sample.eyes, points[36:48]), (sample.mouth, points[48:68])):
            inside = [mask[int(y), int(x)] for x, y in part if 1 < x < 95 and 1 < y < 95]
            assert min(inside) > 127
            assert mask[:5, :5].max() == 0


def test_a_small_input_is_averaged_not_picked() -> None:
    face = source()
    y, x = np.mgrid[0:320, 0:320]
    board = np.repeat((255 * ((x + y) % 2)).astype(np.uint8)[..., None], 3, axis=2)
    large = SourceFace(board, face.landmarks * 4, 32)
    sample = augment(large, (64, 256), MOVED, np.random.default_rng(0))
    assert np.abs(sample.warped.astype(int) - 128).max() < 40
    assert np.ptp(sample.target) > 200


def test_outside_the_hull_it_is_grey() -> None:
    picture, hull = np.random.default_rng(0).random((8, 8, 3)).astype(np.float32), np.eye(8)
    before, mask = picture.copy(), (255 * hull).astype(np.uint8)
    hide_outside(picture, mask)
    assert np.allclose(picture[mask == 0], GREY)
    assert np.allclose(picture[mask == 255], before[mask == 255])


def test_what_the_input_shows_of_the_hull_is_bent_with_it() -> None:
    face = source()
    painted = np.repeat(face.hull[..., None], 3, axis=2)
    options = replace(MOVED, warp=0.03, hide=True, flip=0.5)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        sample = augment(replace(face, image=painted), (SIZE, SIZE), options, rng)
        assert sample.hull is not None
        assert np.array_equal(sample.hull, sample.warped[..., 0])


def test_options_are_checked_and_read_from_a_recipe() -> None:
    text = "rotation: 5\nflip: 0\nhide: yes\noccluder: 2e-1\n"
    read = config.parse(Augmentation, text, "run.yaml")
    assert read == Augmentation(rotation=5.0, flip=0.0, hide=True, occluder=0.2)
    assert config.parse(Augmentation, config.dump(read), "again.yaml") == read
    with pytest.raises(RecipeError, match=r"flip: 1.5 is not between 0 and 1"):
        config.parse(Augmentation, "flip: 1.5", "run.yaml")
    with pytest.raises(ValueError, match=r"warp: 0.5 is not between 0 and 0.1"):
        Augmentation(warp=0.5)
