"""Does the sheet of choices show every choice that a conversion has, and the defaults?"""

from faceswap_ae.conversion.compositing.blending import BLEND
from faceswap_ae.conversion.compositing.colour_transfer import COLOUR
from faceswap_ae.conversion.compositing.masks import MASK
from faceswap_ae.conversion.compositor import CompositeOptions
from faceswap_ae.conversion.tuning import CELL, CHOICES


def test_every_choice_and_the_defaults_are_shown() -> None:
    assert set(CHOICES["colour"]) == set(COLOUR) and set(CHOICES["blend"]) == set(BLEND)
    assert set(MASK) - set(CHOICES["mask"]) == {"image"}
    for option, choices in CHOICES.items():
        assert getattr(CompositeOptions(), option) in choices
    assert CELL >= 256
