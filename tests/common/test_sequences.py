"""Are a few items chosen evenly from many?"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.sequences import evenly_spaced


@given(st.integers(0, 50), st.integers(1, 60))
def test_an_even_choice(count: int, most: int) -> None:
    places = evenly_spaced(range(count), most)
    assert len(places) == min(count, most)
    steps = np.diff(np.array(places, int))
    assert len(steps) == 0 or steps.max() - steps.min() <= 1


def test_the_first_and_the_last_are_among_them() -> None:
    few = evenly_spaced(range(1000), 6)
    assert (len(few), few[0], few[-1]) == (6, 0, 999)
