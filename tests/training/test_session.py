"""Do a session's facts come back from a manifest, those of older checkpoints too?"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import Fault
from faceswap_ae.training.plateau import HeldOutLoss
from faceswap_ae.training.session import SessionFacts
from faceswap_ae.training.stages import StagePosition

WRONG: tuple[Any, ...] = ("x", -1, None, [], float("nan"))
seconds = st.floats(0, 1e7)
losses = st.builds(HeldOutLoss, st.integers(0, 10**7), st.floats(0, 10))
words = st.text(st.characters().filter(str.isprintable), max_size=6)
facts = st.builds(
    SessionFacts,
    seconds,
    st.builds(StagePosition, st.integers(0, 9), st.integers(0, 10**7), seconds),
    st.floats(0.01, 1),
    st.integers(1, 512),
    st.lists(losses, max_size=4).map(tuple),
    st.dictionaries(st.text(max_size=5), st.lists(st.text(max_size=5), max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=5), words, max_size=2),
    words,
)


@given(facts)
def test_facts_come_back_as_they_were(one: SessionFacts) -> None:
    assert SessionFacts.from_json(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize(
    "forged",
    [
        *({"seconds": bad} for bad in WRONG),
        *({"stage": {"number": bad}} for bad in WRONG),
        *({"stage": bad} for bad in ([0], 7)),
        *({"easier": bad} for bad in WRONG),
        *({"batch": bad} for bad in ("8", 0, 1e99)),
        *({"measured": bad} for bad in ([7], [[7]], [["7", 1.0]], {"a": 1}, 3)),
        *({"held": bad} for bad in ([0], {"ben": 7})),
        *({"faces": bad} for bad in ([0], {"ben": 7})),
    ],
)
def test_forged_facts_are_damage(forged: dict[str, Any]) -> None:
    with pytest.raises(Fault, match="facts of a checkpoint are damaged"):
        SessionFacts.from_json(forged)


def test_a_checkpoint_without_facts_gives_what_a_new_run_has() -> None:
    assert SessionFacts.from_json({}) == SessionFacts()
