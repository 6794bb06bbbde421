"""Which traits define a synthetic person, who is in the cast, and which hybrid is a swap's truth?

Lengths are millimetres unless a trait states otherwise. Traits without a unit are factors or
shares. A head's coordinates: x to the viewer's right, y up from the line of the eyes, z towards the
viewer from the ear.
"""

from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from faceswap_ae.common import config
from faceswap_ae.common.errors import UserError, unknown

CAST = ("ada", "ben", "carl", "dina", "emil", "fatou")
CAST_FOLDER = Path(__file__).parent / "cast"

Truth = Literal["features", "face"]
TRUTHS: tuple[Truth, ...] = ("features", "face")


def trait(usual: float, low: float, high: float) -> Any:
    """A dataclass field with a trait's usual value and the range in which people vary."""
    return field(default=usual, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class Skull:
    """The outline of head, jaw, neck and ears."""

    width: float = trait(1.0, 0.91, 1.09)
    crown: float = trait(0, -6, 6)
    jaw: float = trait(0, -9, 9)
    cheekbones: float = trait(0, -6, 6)
    neck: float = trait(1.0, 0.86, 1.12)
    ear_size: float = trait(1.0, 0.85, 1.2)
    ear_angle: float = trait(28, 15, 40)  # degrees away from the head
    jaw_square: float = trait(0, -0.35, 0.35)
    temples: float = trait(0, -4, 4)


@dataclass(frozen=True)
class FaceFrame:
    """The parts of the face around the features: chin, forehead, cheeks."""

    chin_height: float = trait(0, -9, 10)
    chin_depth: float = trait(0, -6, 6)
    chin_ball: float = trait(3, 0.5, 6)
    chin_width: float = trait(0, -6, 7)
    forehead_depth: float = trait(0, -4, 4)
    jowl: float = trait(0, -3, 6)
    cheek_depth: float = trait(0, -4, 5)
    cheek_height: float = trait(0, -5, 5)
    hollow: float = trait(2, -5.5, 6.5)


@dataclass(frozen=True)
class Features:
    """Brows, eyes, nose and mouth."""

    brow_ridge: float = trait(2.5, -0.5, 6.5)
    eye_distance: float = trait(32, 28.8, 35.6)  # from the middle
    eye_width: float = trait(14.6, 12.6, 16.8)  # half of it
    eye_opening: float = trait(9.6, 6.8, 12.2)
    eye_tilt: float = trait(0.8, -3, 4.5)
    eye_depth: float = trait(0, -4, 3.5)
    eye_peak: float = trait(0, -0.25, 0.25)
    lid_fold: float = trait(4.6, 2.5, 7)
    lid_hood: float = trait(0, 0, 1)
    eye_bags: float = trait(0.3, 0, 1)
    brow_height: float = trait(19, 14.5, 24)
    brow_thickness: float = trait(1, 0.4, 1.9)
    brow_arch: float = trait(3, 0.5, 6)
    brow_tilt: float = trait(0, -3, 3)
    brow_density: float = trait(1, 0.5, 1.5)
    brow_length: float = trait(1, 0.85, 1.12)
    brow_start: float = trait(13, 9, 17)
    nose_length: float = trait(0, -8, 9)
    nose_width: float = trait(1, 0.72, 1.5)
    nose_depth: float = trait(1, 0.68, 1.3)
    nose_bridge: float = trait(0, -4, 4.5)
    nose_hump: float = trait(0, -2, 3.5)
    nose_tip: float = trait(0, -4, 4)
    nose_tip_width: float = trait(1, 0.8, 1.3)
    nose_wings: float = trait(1, 0.7, 1.55)
    nose_root: float = trait(0, -3, 2.5)
    mouth_height: float = trait(0, -5, 5)
    mouth_width: float = trait(25.5, 20.5, 30.5)  # half of it
    upper_lip: float = trait(7.5, 3.6, 13)
    lower_lip: float = trait(9.5, 5, 15)
    lip_fullness: float = trait(1, 0.5, 1.5)
    lip_bow: float = trait(1, 0.2, 1.6)
    mouth_corner: float = trait(0, -2, 2)
    mouth_depth: float = trait(0, -3.5, 6)
    fold: float = trait(0.8, 0, 2.2)
    asymmetry: float = trait(1, 0.4, 1.6)

    @property
    def nose_base(self) -> float:
        """The height at which the nose ends."""
        return -45 - 0.45 * self.nose_length

    @property
    def mouth_line(self) -> float:
        """The height at which the lips meet."""
        return -67 + self.mouth_height - 0.45 * self.nose_length


@dataclass(frozen=True)
class Marks:
    """What is visible on the skin, apart from its tone; and the colour of the eyes."""

    blush: float = trait(0.5, 0.1, 1)
    freckles: float = trait(0, 0, 1)
    moles: float = trait(0, 0, 1)
    shine: float = trait(0.5, 0.2, 0.9)
    age: float = trait(0.2, 0, 1)
    lip_red: float = trait(0.5, 0.1, 1)
    lip_dark: float = trait(0, 0, 1)
    stubble: float = trait(0, 0, 1)
    beard: float = trait(0, 0, 1)
    eye_shadow: float = trait(0.2, 0, 1)
    lashes: float = trait(0.5, 0, 1)
    iris: float = trait(0.5, 0, 1)  # brown to blue
    brow_tone: float = trait(0.5, 0, 1)
    pores: float = trait(0.5, 0.2, 1)


@dataclass(frozen=True)
class Hair:
    """The hair of the head, and the colour of the clothes."""

    length: float = trait(0, 0, 1)  # from .4 on hair hangs down to the shoulders
    volume: float = trait(10, 4, 22)
    line: float = trait(67, 56, 78)
    recess: float = trait(4, 0, 14)
    tone: float = trait(0.3, 0, 1)
    warmth: float = trait(0.3, 0, 1)
    parting: float = trait(0.3, -1, 1)
    fringe: float = trait(0, 0, 1)
    bald: float = trait(0, 0, 1)
    clothes: float = trait(0.5, 0, 1)  # hue


@dataclass(frozen=True)
class Person:
    """One synthetic person.

    The seed places details that no trait describes: freckles, strands of hair, asymmetry.
    """

    seed: int = 0
    tone: float = 0.35  # of the skin, light to dark
    warmth: float = 0.0  # of the skin, -1 cool to 1 warm
    skull: Skull = field(default_factory=Skull)
    frame: FaceFrame = field(default_factory=FaceFrame)
    features: Features = field(default_factory=Features)
    marks: Marks = field(default_factory=Marks)
    hair: Hair = field(default_factory=Hair)


@dataclass(frozen=True)
class Sitter:
    """The person who is rendered: one person's head with the same or another person's face.

    With the truth `features`, the area of brows to chin and the beard come from the face's owner;
    outline, chin, forehead and skin tone come from the head's owner. With `face`, everything but
    outline, hair and skin tone comes from the face's owner.
    """

    head: Person
    face: Person
    truth: Truth = "features"

    @property
    def frame(self) -> FaceFrame:
        return self.head.frame if self.truth == "features" else self.face.frame

    @property
    def around(self) -> Person:
        """The person whose skin surrounds the features."""
        return self.head if self.truth == "features" else self.face


def alone(person: Person) -> Sitter:
    """A sitter who is one person with their own face."""
    return Sitter(person, person)


def truth_named(name: str) -> Truth:
    """The definition of truth with this name, or a UserError."""
    for truth in TRUTHS:
        if truth == name:
            return truth
    raise UserError(unknown("truth", name, TRUTHS))


def hybrid(face: Person, head: Person, truth: Truth = "features") -> Sitter:
    """The exact ground truth of a swap: the face of `face` on the head of `head`."""
    return Sitter(head, face, truth)


@cache
def person(name: str) -> Person:
    """A person of the cast by name, or a random person for `random:SEED`."""
    kind, colon, seed = name.partition(":")
    if colon and kind == "random" and seed.isdecimal():
        return random_person(int(seed))
    if name not in CAST:
        raise UserError(unknown("person", name, (*CAST, "random:1")))
    return config.load(Person, CAST_FOLDER / f"{name}.yaml")


def random_person(seed: int) -> Person:
    """A random new person, always the same for the same seed."""
    rng = np.random.default_rng([2026, seed])
    male = bool(rng.random() < 0.5)
    tone = float(rng.random())
    groups = {
        group.name: group.type(**_drawn(rng, group.type))
        for group in fields(Person)
        if isinstance(group.type, type) and group.name not in ("seed", "tone", "warmth")
    }
    drawn = Person(seed, tone, float(rng.uniform(-1, 1)), **groups)
    return _grown(drawn, rng, male=male)


def _drawn(rng: np.random.Generator, group: type) -> dict[str, float]:
    """Random traits of a group. Values near the ends of a range are likelier than in its middle."""
    return {
        item.name: item.metadata["low"]
        + (item.metadata["high"] - item.metadata["low"]) * float(rng.beta(0.8, 0.8))
        for item in fields(group)
    }


def _grown(drawn: Person, rng: np.random.Generator, *, male: bool) -> Person:
    """Change traits that go together in people: beard, jaw, hair length; skin and hair tone."""
    beard = float(rng.random() ** 0.7) if male and rng.random() < 0.5 else 0.0
    length = 0.25 * rng.random() if male else 0.45 + 0.55 * rng.random()
    hair_tone = float(rng.random() ** 1.3) * (0.3 if drawn.tone > 0.6 else 1.0)
    features, hair = drawn.features, drawn.hair
    return replace(
        drawn,
        skull=replace(drawn.skull, jaw=drawn.skull.jaw + (1.5 if male else -2.5)),
        features=replace(
            features,
            brow_ridge=features.brow_ridge * (1.1 if male else 0.5),
            brow_thickness=features.brow_thickness * (1.15 if male else 0.8),
            lip_fullness=features.lip_fullness * (1.12 if drawn.tone > 0.6 else 1.0),
        ),
        marks=replace(
            drawn.marks,
            freckles=float(rng.random() ** 3),
            stubble=float(rng.random()) if male else 0.0,
            beard=beard,
            age=float(rng.random() ** 1.5),
            lip_dark=float(rng.random() ** 2),
            eye_shadow=float(rng.random()) * (0.1 if male else 1.0),
            lashes=0.0 if male else 1.0,
            iris=drawn.marks.iris * (0.35 if drawn.tone > 0.5 else 1.0),
            brow_tone=float(np.clip(hair_tone + 0.1 * rng.standard_normal(), 0, 1)),
        ),
        hair=replace(
            hair,
            length=float(length),
            tone=hair_tone,
            recess=hair.recess * (1.0 if male else 0.3),
            fringe=0.0 if male or rng.random() > 0.4 else float(rng.random()),
            bald=float(male and rng.random() < 0.15),
        ),
    )
