"""Do the 64 bits of a watermark say what was meant, and nothing when they are damaged?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.marks.error_correction import CODED, decode, encode
from faceswap_ae.marks.payload import BITS, KINDS, Payload, from_bits, output_digest, to_bits

PAYLOADS = st.builds(Payload, st.sampled_from(KINDS), st.text(min_size=1).map(output_digest))


@given(PAYLOADS)
def test_there_and_back(payload: Payload) -> None:
    bits = to_bits(payload)
    assert bits.shape == (BITS,) and set(bits) <= {0, 1}
    assert from_bits(bits) == payload


@given(PAYLOADS, st.sets(st.integers(0, BITS - 1), min_size=1, max_size=3))
def test_no_few_changed_bits_say_anything_else(payload: Payload, places: set[int]) -> None:
    bits = to_bits(payload)
    bits[list(places)] ^= 1
    assert from_bits(bits) is None


def test_chance_says_nothing() -> None:
    chance = np.random.default_rng(0)
    found = [from_bits(bits) for bits in chance.integers(0, 2, (20_000, BITS), np.uint8)]
    assert found == [None] * len(found)


@given(st.lists(st.booleans(), min_size=BITS, max_size=BITS))
def test_code_there_and_back(given_: list[bool]) -> None:
    bits = np.array(given_, np.uint8)
    code = encode(bits)
    assert code.shape == (CODED,)
    assert np.array_equal(decode(np.asarray(2.0 * code - 1)), bits)


@pytest.mark.parametrize("seed", range(10))
def test_bits_survive_noise_that_turns_a_sixth_of_the_signs(seed: int) -> None:
    chance = np.random.default_rng(seed)
    bits = chance.integers(0, 2, BITS, np.uint8)
    values = 2.0 * encode(bits) - 1 + chance.normal(0, 1, CODED)
    wrong = np.mean((values > 0) != encode(bits).astype(bool))
    assert wrong > 0.1
    assert np.array_equal(decode(values), bits)


def test_a_run_is_named_by_what_it_is_made_of() -> None:
    assert output_digest("one") == output_digest("one") != output_digest("other")
    assert len(output_digest("one")) == 10
