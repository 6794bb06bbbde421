from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from faceswap_ae.common import config
from faceswap_ae.common.errors import RecipeError, UserError
from faceswap_ae.synthetic.people import (
    CAST,
    CAST_FOLDER,
    Person,
    alone,
    hybrid,
    person,
    random_person,
    truth_named,
)


def test_the_cast_is_complete_and_varied() -> None:
    people = [person(name) for name in CAST]
    assert {path.stem for path in CAST_FOLDER.glob("*.yaml")} == set(CAST)
    assert len({one.seed for one in people}) == len(CAST)
    assert max(one.tone for one in people) - min(one.tone for one in people) > 0.7
    assert max(one.marks.age for one in people) - min(one.marks.age for one in people) > 0.7
    assert sum(one.marks.beard < 0.3 for one in people) >= 3
    assert {one.hair.length >= 0.4 for one in people} == {True, False}


def test_a_person_is_a_file_that_can_be_written_again(tmp_path: Path) -> None:
    config.save(person("ben"), tmp_path / "ben.yaml")
    assert config.load(Person, tmp_path / "ben.yaml") == person("ben")
    with pytest.raises(RecipeError, match=r"did you mean 'features.nose_width'"):
        config.parse(Person, "features: {nose_widht: 1}", "p")


def test_random_people_are_always_the_same_and_all_different() -> None:
    people = [random_person(seed) for seed in range(20)]
    assert people == [random_person(seed) for seed in range(20)]
    assert len(set(people)) == 20
    assert person("random:3") == people[3]


def test_random_people_stay_within_what_people_vary() -> None:
    for seed in range(30):
        for group in fields(Person):
            traits = getattr(random_person(seed), group.name)
            for item in fields(traits) if is_dataclass(traits) else ():
                low, high = item.metadata["low"], item.metadata["high"]
                slack = 0.25 * (high - low)  # linked traits are changed a little
                assert low - slack <= getattr(traits, item.name) <= high + slack


@pytest.mark.parametrize("name", ["adda", "random:x", ""])
def test_nobody_of_this_name(name: str) -> None:
    with pytest.raises(UserError, match="known: ada, ben"):
        person(name)


def test_what_a_hybrid_takes_from_whom() -> None:
    ben, ada = person("ben"), person("ada")
    features, face = hybrid(ben, ada), hybrid(ben, ada, "face")
    assert features.face.features == face.face.features == ben.features
    assert (features.frame, face.frame) == (ada.frame, ben.frame)
    assert (features.around, face.around) == (ada, ben)
    assert features.head == face.head == ada
    assert alone(ada).frame == ada.frame


def test_truths() -> None:
    assert truth_named("face") == "face"
    with pytest.raises(UserError, match="unknown truth 'fase'; did you mean 'face'"):
        truth_named("fase")
