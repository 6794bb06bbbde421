import threading
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.faces.landmark_masks import GREY
from faceswap_ae.networks.model_interface import FACE, IDENTITIES, ONTO
from faceswap_ae.training.data.batches import Augmentation, Batch, BatchSource
from faceswap_ae.training.data.face_set import FaceSet, load_face_set
from faceswap_ae.training.data.pixel_cache import PixelCache
from tests.support.face_folders import fill, paint

SIZE = 32
EVERY = Augmentation(
    occluder=0.5, motion=0.3, blur=0.3, shrink=0.3, jpeg=0.3, colour=0.5, to_landmarks=0.5
)
Sets = tuple[FaceSet, FaceSet]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the faces of ada and ben, in a folder each."""
    place = tmp_path_factory.mktemp("data")
    fill(place / "ada", range(0, 60, 2))
    fill(place / "ben", range(1, 41, 2))
    paint(place / "ben", "first-000003.png")
    return place


@pytest.fixture(scope="module")
def sets(place: Path) -> Sets:
    cache = PixelCache(place / "cache")
    ada, ben = (load_face_set(place / name, "inner", SIZE, cache) for name in ("ada", "ben"))
    return ada, ben


def feed(sets: Sets, options: Augmentation = EVERY, seed: int = 0, threads: int = 2) -> BatchSource:
    return BatchSource(sets, options, SIZE, SIZE, 6, seed, threads)


def equal(one: Batch, other: Batch) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in fields(Batch)
    )


def test_a_batch_depends_on_seed_step_and_identity_alone(sets: Sets) -> None:
    one = feed(sets).batch(7, FACE)
    other = feed(sets)
    other.batch(3, ONTO)
    assert equal(one, other.batch(7, FACE))
    assert not equal(one, other.batch(8, FACE))
    assert not equal(one, feed(sets, seed=1).batch(7, FACE))
    assert not np.array_equal(feed(sets).chosen(7, FACE), feed(sets).chosen(8, FACE))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing_and_a_run_goes_on_where_it_was(sets: Sets, threads: int) -> None:
    made = feed(sets, threads=threads)
    stream = made.stream(3)
    for step in range(3, 9):
        pair = next(stream)
        for batch, identity in zip(pair, IDENTITIES, strict=True):
            assert equal(batch, feed(sets).batch(step, identity))
    stream.close()


def test_closing_ends_every_thread(sets: Sets) -> None:
    before, made = threading.active_count(), feed(sets, threads=3)
    streams = made.stream(), made.stream(5)
    for stream in streams:
        for _ in range(3):
            next(stream)
    assert threading.active_count() == before + 6
    made.close()
    assert threading.active_count() == before
    made.close()
    assert next(made.stream())
    made.close()
    assert threading.active_count() == before


def test_shapes_and_ranges(sets: Sets) -> None:
    made = BatchSource(sets, EVERY, 16, SIZE, 6, 0)
    for step in range(4):
        for identity in IDENTITIES:
            batch = made.batch(step, identity)
            assert batch.warped.shape == (6, 16, 16, 3)
            assert batch.target.shape == (6, SIZE, SIZE, 3)
            assert batch.landmarks.shape == (6, 68, 2)
            for mask in (batch.mask, batch.eyes, batch.mouth):
                assert mask.shape == (6, SIZE, SIZE, 1)
            for field in fields(Batch):
                values = getattr(batch, field.name)
                assert values.dtype == np.float32 and values.flags.c_contiguous
                if field.name != "landmarks":
                    assert values.min() >= 0 and values.max() <= 1
            assert batch.mask.max() > 0.9 and batch.target.std() > 0.05


def test_a_target_that_is_larger_than_the_faces_is_refused(sets: Sets) -> None:
    with pytest.raises(ValueError, match="ada: faces of 32 pixels for 64"):
        BatchSource(sets, EVERY, SIZE, 64, 6, 0)


def test_held_out_faces_are_in_no_batch(sets: Sets) -> None:
    made = feed(sets)
    for one, identity in zip(sets, IDENTITIES, strict=True):
        seen = np.concatenate([made.chosen(step, identity) for step in range(300)])
        assert not set(seen.tolist()) & set(one.held.tolist())
        assert set(seen.tolist()) == set(one.taught.tolist())


def test_a_batch_shows_the_chosen_faces(sets: Sets) -> None:
    still = replace(EVERY, rotation=0.0, scale=0.0, shift=0.0, flip=0.0, colour=0.0)
    batch, places = feed(sets, still).batch(2, FACE), feed(sets, still).chosen(2, FACE)
    for target, chosen in zip(batch.target, places, strict=True):
        inside = sets[0].images[chosen, 4:-4, 4:-4] / np.float32(255)
        assert np.allclose(target, inside, atol=1e-6)


def test_held_out_faces_are_shown_as_they_are(sets: Sets) -> None:
    for one, identity in zip(sets, IDENTITIES, strict=True):
        batch = feed(sets).held_out(identity)
        assert len(batch.target) == len(one.held)
        inside = one.images[one.held, 4:-4, 4:-4] / np.float32(255)
        assert np.allclose(batch.target, inside) and np.allclose(batch.warped, inside)
        assert equal(batch, feed(sets, seed=9).held_out(identity))


def test_large_batches_are_made_by_fewer_threads(
    sets: Sets, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, made = threading.active_count(), feed(sets, threads=4)
    pair = sum(getattr(made.batch(0, FACE), field.name).nbytes for field in fields(Batch)) * 2
    for room, threads in ((5 * pair, 2), (0, 1)):
        monkeypatch.setattr("faceswap_ae.training.data.batches.ROOM", room)
        stream = made.stream(2)
        for step in range(2, 5):
            assert equal(next(stream)[0], made.batch(step, FACE))
        assert threading.active_count() == before + threads
        stream.close()


def test_plain_faces_are_evenly_chosen(sets: Sets) -> None:
    made, taught = feed(sets), sets[0].taught
    batches = list(made.taught(FACE, 10))
    assert [len(batch.target) for batch in batches] == [6, 4]
    assert equal(batches[0], made.still(FACE, taught[[0, 3, 6, 9, 12, 15]]))
    plain = list(made.plain(FACE, 1000))
    assert sum(len(batch) for batch in plain) == len(taught)
    assert np.array_equal(plain[0], made.still(FACE, taught[:6]).warped)


def test_some_of_a_batch(sets: Sets) -> None:
    batch, few = feed(sets).batch(0, FACE), np.array([4, 1])
    for field in fields(Batch):
        values = getattr(batch, field.name)
        assert np.array_equal(getattr(batch.some(few), field.name), values[few])


def test_a_zip_gives_the_same_batches(place: Path, sets: Sets) -> None:
    packed = place / "packed.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for path in (place / "ben").iterdir():
            file.write(path, path.name)
    other = sets[0], load_face_set(packed, "inner", SIZE, PixelCache(place / "cache"))
    for step in range(3):
        for identity in IDENTITIES:
            assert equal(feed(sets).batch(step, identity), feed(other).batch(step, identity))


def test_clips_are_drawn_as_the_options_say(sets: Sets) -> None:
    ada = sets[0]  # ten of her thirty faces are from the second clip
    for balance in (0.0, 1.0):
        made = feed(sets, Augmentation(balance=balance, even_yaw=False))
        seen = np.concatenate([made.chosen(step, FACE) for step in range(600)])
        second = np.mean([ada.clips[place].startswith("5") for place in seen])
        share = np.mean([ada.clips[place].startswith("5") for place in ada.taught])
        assert abs(second - (0.5 if balance else share)) < 0.02


def test_outside_the_hull_inputs_are_grey_where_asked(sets: Sets) -> None:
    options = replace(EVERY, hide=True, occluder=0.0)
    for batch in (feed(sets, options).batch(0, FACE), feed(sets, options).held_out(FACE)):
        grey = np.abs(batch.warped - GREY).max(axis=-1) < 1e-6
        share = grey.mean(axis=(1, 2))
        assert share.min() > 0.02 and share.max() < 0.7
        assert np.abs(batch.target - GREY).max(axis=-1)[grey].mean() > 0.05
