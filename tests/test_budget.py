import pytest

from faceswap_ae.budget import DEFAULT_MINUTES, Budget, budget
from faceswap_ae.errors import UserError


def test_whichever_ends_first() -> None:
    both = Budget(steps=100, minutes=1)
    assert both.progress(50, 6) == 0.5
    assert both.progress(50, 45) == 0.75
    assert both.progress(500, 0) == 1
    assert Budget(minutes=2).progress(10**6, 60) == 0.5


def test_what_the_user_says_goes_first() -> None:
    assert budget(10, None, Budget(minutes=5)) == Budget(10, None)
    assert budget(None, 3, Budget(steps=7)) == Budget(None, 3)
    assert budget(None, None, Budget(steps=7)) == Budget(7, None)
    assert budget(None, None, Budget()) == Budget(None, DEFAULT_MINUTES)


def test_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="--minutes 0"):
        Budget(minutes=0)
