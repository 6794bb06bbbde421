"""Is memory that ran out told from other errors?"""

import pytest

from faceswap_ae.training.recovery import is_out_of_memory


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (MemoryError(), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes"), True),
        (RuntimeError("CUDA out of memory. Tried to allocate"), True),
        (ValueError("shapes differ"), False),
    ],
)
def test_out_of_memory_is_known_by_its_words(error: Exception, memory: bool) -> None:
    assert is_out_of_memory(error) is memory
