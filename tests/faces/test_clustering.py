import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces import clustering
from faceswap_ae.faces.clustering import CHUNK, cluster_numbers, single_clusters
from tests.support.face_records import SPREAD, somebody

APART = 0.62  # distance between two people's mean descriptors, as of the two closest of the cast


def crowd(people: int, each: int, spread: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Descriptors with distances of about `spread` within a person, and their owners' numbers."""
    rng = np.random.default_rng(people)
    middles = np.linalg.qr(rng.normal(size=(128, people)))[0].T * APART / np.sqrt(2)
    owners = rng.permutation(np.repeat(np.arange(people), each))
    noise = rng.normal(size=(people * each, 128)) * spread / np.sqrt(2 * 128)
    return (middles[owners] + noise).astype(np.float32), owners


def same(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether two numberings describe the same groups."""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


@pytest.mark.parametrize(("people", "each"), [(1, 30), (2, 1), (6, 20), (3, CHUNK)])
@pytest.mark.parametrize("spread", [0.2, 0.4])
def test_people_are_told_apart(people: int, each: int, spread: float) -> None:
    found, owners = crowd(people, each, spread)
    assert same(cluster_numbers(single_clusters(found)), owners)


@given(st.permutations(range(24)))
def test_the_order_of_the_faces_does_not_matter(order: list[int]) -> None:
    found, _ = crowd(4, 6, 0.4)
    assert same(
        cluster_numbers(single_clusters(found[order])),
        cluster_numbers(single_clusters(found))[order],
    )


def test_one_face_is_one_person() -> None:
    assert cluster_numbers(single_clusters(np.ones((1, 128), np.float32))).tolist() == [0]


def test_a_group_counts_as_its_faces() -> None:
    """Joining groups in steps, or in another order, gives the same spread and the same mean."""
    rng = np.random.default_rng(1)
    faces = single_clusters(rng.normal(0, SPREAD, (60, 128)).astype(np.float32))
    thirds, halves = np.repeat(np.arange(3), 20), np.arange(60) % 2
    step = faces.tied(thirds).tied(np.zeros(3, np.int64))
    for one in (step, faces.tied(halves).tied(np.zeros(2, np.int64))):
        assert np.allclose(one.mean, faces.mean.mean(axis=0))
        assert one.spread[0] == pytest.approx(((faces.mean - one.mean) ** 2).sum(axis=1).mean())


def test_a_crowd_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "MOST", 3)
    crowd = np.stack([somebody(who) for who in range(4)]).astype(np.float32)
    with pytest.raises(UserError, match="more than 3 people"):
        cluster_numbers(single_clusters(crowd))
