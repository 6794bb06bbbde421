"""Do a session's facts come back from a manifest, those of older checkpoints too?"""

import json

from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.training.plateau import HeldOutLoss
from faceswap_ae.training.session import SessionFacts
from faceswap_ae.training.stages import StagePosition

seconds = st.floats(0, 1e7)
losses = st.builds(HeldOutLoss, st.integers(0, 10**7), st.floats(0, 10))
facts = st.builds(
    SessionFacts,
    seconds,
    st.builds(StagePosition, st.integers(0, 9), st.integers(0, 10**7), seconds),
    st.floats(0.01, 1),
    st.integers(1, 512),
    st.lists(losses, max_size=4).map(tuple),
    st.dictionaries(st.text(max_size=5), st.lists(st.text(max_size=5), max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    st.text(max_size=6),
)


@given(facts)
def test_facts_come_back_as_they_were(one: SessionFacts) -> None:
    assert SessionFacts.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_a_checkpoint_without_facts_gives_what_a_new_run_has() -> None:
    assert SessionFacts.from_json({}) == SessionFacts()
