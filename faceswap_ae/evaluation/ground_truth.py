"""What would the perfect swap of a performance show?

A folder that `synth --as-if` made holds it: pictures, which part of them is face, and the film's
settings, by which the other definition of a true swap can be drawn as well (synthetic/people.py).
"""

from dataclasses import dataclass, replace
from pathlib import Path

from faceswap_ae.common.geometry import Image
from faceswap_ae.evaluation.target import clip_in
from faceswap_ae.synthetic.film import Film, film_of, frame
from faceswap_ae.synthetic.people import TRUTHS, Truth

MASK = "face-mask.mkv"


@dataclass(frozen=True)
class GroundTruth:
    """The true swap, frame by frame."""

    clip: Path
    mask: Path | None = None  # a clip, white where the face is seen
    film: Film | None = None  # where it is one of ours, by this version

    @property
    def other(self) -> Truth | None:
        """The other definition of a true swap, where it can be drawn."""
        if self.film is None or self.film.as_if is None:
            return None
        return next(one for one in TRUTHS if one != self.film.truth)

    def drawn(self, index: int) -> Image | None:
        """A frame by the other definition."""
        if self.film is None or self.other is None:
            return None
        return frame(replace(self.film, truth=self.other), index).image


def find_ground_truth(place: Path) -> GroundTruth:
    """A folder of a synthetic film, or a clip alone."""
    clip = clip_in(place)
    if clip == place:
        return GroundTruth(clip)
    mask = place / MASK
    return GroundTruth(clip, mask if mask.is_file() else None, film_of(place))
