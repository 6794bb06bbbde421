import pytest

from faceswap_ae.common.errors import Fault, MediaError, UserError, is_out_of_memory, unknown


def test_statuses_tell_whose_move_it_is() -> None:
    assert UserError.status == MediaError.status == 2
    assert Fault.status == 1


def test_unknown_guesses_what_was_meant() -> None:
    known = ["original", "lightweight"]
    assert unknown("model", "orignal", known) == (
        "unknown model 'orignal'; did you mean 'original'? (known: lightweight, original)"
    )
    assert unknown("model", "zzz", known) == "unknown model 'zzz' (known: lightweight, original)"
    settings = ["network.latent", "network.size"]
    assert "mean 'network.latent'" in unknown("setting", "network.latnt", settings)
    assert "mean" not in unknown("setting", "network.heads", settings)
    assert "mean 'my-quick'" in unknown("recipe", "my.quick", ["my-quick", "quick"])
    assert unknown("model", "zzz", []) == "unknown model 'zzz' (known: none)"


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
