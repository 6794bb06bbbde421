import numpy as np

from faceswap_ae.synthetic.photo import OTHERS, portrait, portraits


def test_the_first_portrait_looks_straight_and_the_others_differ() -> None:
    shown = portraits("random:7", 96)
    assert len(shown) == 1 + len(OTHERS)
    assert all(one.shape == (96, 96, 3) for one in shown)
    assert np.array_equal(shown[0], portrait("random:7", 96))
    apart = [np.abs(one.astype(int) - shown[0]).mean() for one in shown[1:]]
    assert min(apart) > 0.05  # a gaze moves two irises alone


def test_two_people_look_different() -> None:
    one, other = (portrait(name, 96).astype(int) for name in ("random:7", "random:8"))
    assert np.abs(one - other).mean() > 5
