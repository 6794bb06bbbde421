import numpy as np

from faceswap_ae.networks.code_alignment import (
    Alignment,
    aligned_swap,
    alignment,
    alignments_from_arrays,
    alignments_to_arrays,
    code_statistics,
)
from faceswap_ae.networks.model_interface import FACE, ONTO, Identity, Networks, Output, Tensor


def codes(seed: int, mean: float, spread: float, shape: tuple[int, ...] = (5,)) -> Tensor:
    rng = np.random.default_rng(seed)
    return rng.normal(mean, spread, (400, *shape)).astype(np.float32)


def test_a_cloud_is_that_of_all_batches() -> None:
    found = codes(0, 3, 2, (4, 5))
    whole, parts = code_statistics([found]), code_statistics([found[:150], found[150:]])
    assert np.allclose(whole.mean, found.mean(axis=(0, 1)), atol=1e-5)
    assert np.allclose(whole.spread, found.std(axis=(0, 1)), atol=1e-5)
    assert np.allclose(parts.mean, whole.mean, atol=1e-5)
    assert np.allclose(parts.spread, whole.spread, atol=1e-5)


def test_aligned_codes_lie_where_the_others_do() -> None:
    theirs, own = codes(1, 4, 0.5), codes(2, -1, 2)
    moved = np.asarray(Alignment(code_statistics([theirs]), code_statistics([own]))(theirs))
    assert np.allclose(moved.mean(axis=0), own.mean(axis=0), atol=1e-4)
    assert np.allclose(moved.std(axis=0), own.std(axis=0), atol=1e-4)


def test_a_code_at_home_is_not_moved() -> None:
    own = codes(2, -1, 2)
    own[:, 3] = 7  # a constant has no information
    moved = np.asarray(Alignment(code_statistics([own]), code_statistics([own]))(own))
    assert np.allclose(moved, own, atol=1e-4)


def test_part_of_the_way_is_between_both_ends() -> None:
    theirs, own = codes(1, 4, 0.5), codes(2, -1, 2)
    whole = Alignment(code_statistics([theirs]), code_statistics([own]))
    some = whole.part(0.25)
    assert some is not None
    wanted = theirs + 0.25 * (np.asarray(whole(theirs)) - theirs)
    assert np.allclose(np.asarray(some(theirs)), wanted, atol=1e-4)
    assert whole.part(0) is None


def echo() -> Networks:
    """A model whose code is its input; each identity adds its own amount."""
    amount: dict[Identity, float] = {"face": 10.0, "onto": 100.0}
    return Networks(
        size_in=1,
        size_out=1,
        has_mask=False,
        parts={},
        encode=lambda x, _of, _to: x,
        decode=lambda code, to: Output(code + amount[to]),
    )


def test_swapping_goes_by_way_of_the_alignment() -> None:
    faces = {FACE: [codes(3, 1, 1)], ONTO: [codes(4, 5, 1)]}
    align = alignment(echo(), faces)
    plain, aligned = (aligned_swap(echo(), faces[ONTO][0], one).face for one in (None, align))
    assert np.allclose(np.mean(plain), 15, atol=0.1)
    assert np.allclose(np.mean(aligned), 11, atol=0.1)
    back = aligned_swap(echo(), faces[FACE][0], alignment(echo(), faces, ONTO), ONTO).face
    assert np.allclose(np.mean(back), 105, atol=0.1)


def test_alignments_go_to_the_disk_and_back() -> None:
    faces = {FACE: [codes(3, 1, 1)], ONTO: [codes(4, 5, 1)]}
    both = {to: alignment(echo(), faces, to) for to in (FACE, ONTO)}
    again = alignments_from_arrays(alignments_to_arrays(both))
    for to, align in both.items():
        assert np.array_equal(
            np.asarray(again[to](faces[FACE][0])), np.asarray(align(faces[FACE][0]))
        )
