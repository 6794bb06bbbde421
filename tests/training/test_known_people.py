import base64
import json
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.identities import LIKE
from faceswap_ae.networks.model_interface import FACE, ONTO
from faceswap_ae.training.data import face_set
from faceswap_ae.training.known_people import load_known_person, save_known_people
from faceswap_ae.training.runs.run import Run

pytestmark = pytest.mark.usefixtures("cache")


def test_a_run_remembers_both_people(two_people: Path, tmp_path: Path) -> None:
    run = Run(tmp_path)
    sets = [face_set.load_face_set(two_people / name, "inner", 64) for name in ("ben", "ada")]
    save_known_people(run, sets)
    for identity, (own, other) in {FACE: sets, ONTO: sets[::-1]}.items():
        person = load_known_person(run, identity)
        assert person is not None
        assert person.distance(own.descriptors[3]) < LIKE
        assert person.distance(other.descriptors[3]) > LIKE
        assert np.isclose(person.references, own.descriptors[3]).all(axis=1).any()


def test_what_is_the_same_is_not_written_again(two_people: Path, tmp_path: Path) -> None:
    sets = [face_set.load_face_set(two_people / name, "inner", 64) for name in ("ben", "ada")]
    run = Run(tmp_path)
    save_known_people(run, sets)
    before = run.people.stat().st_mtime_ns
    save_known_people(run, sets)
    assert run.people.stat().st_mtime_ns == before


def test_a_run_that_does_not_tell_or_tells_nonsense(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert load_known_person(run, FACE) is None
    endless = base64.b64encode(np.full(128, np.nan, "<f4").tobytes()).decode()
    values = ("!", "AAAA", "", None, 7, "A" * 10**6, endless)
    texts = [json.dumps({"face": {"descriptors": value}}) for value in values]
    for text in ("{", "[]", '{"face": 1}', "[" * 10**5, *texts):
        run.people.write_text(text)
        with pytest.raises(UserError, match="cannot be read"):
            load_known_person(run, FACE)
