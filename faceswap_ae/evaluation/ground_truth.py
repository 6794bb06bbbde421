"""Where is the ground truth of a swap: the true swap of the same performance?

A folder that `synth --as-if` made holds it: the clip, a mask of the visible face, and the settings
of the synthetic film. With these settings, frames can also be rendered by the other definition of a
true swap (synthetic/people.py).
"""

from dataclasses import dataclass, replace
from pathlib import Path

from faceswap_ae.common.geometry import Image
from faceswap_ae.evaluation.target import clip_in
from faceswap_ae.synthetic.film import Film, film_of, frame
from faceswap_ae.synthetic.people import TRUTHS, Truth
from faceswap_ae.synthetic.scene import Window

MASK = "face-mask.mkv"


@dataclass(frozen=True)
class GroundTruth:
    """The true swap, frame by frame."""

    clip: Path
    mask: Path | None = None  # a clip, white where the face is visible
    film: Film | None = None  # the film's settings, if this version of the toolkit made it

    @property
    def other(self) -> Truth | None:
        """The other definition of a true swap; None if it cannot be rendered."""
        if self.film is None or self.film.as_if is None:
            return None
        return next(one for one in TRUTHS if one != self.film.truth)

    def drawn(self, index: int, window: Window | None = None) -> Image | None:
        """Render a frame by the other definition; None if that is not possible.

        People are only drawn in the `window`.
        """
        if self.film is None or self.other is None:
            return None
        return frame(replace(self.film, truth=self.other), index, window).image


def find_ground_truth(place: Path) -> GroundTruth:
    """Return the ground truth in a folder of a synthetic film, or in a single clip."""
    clip = clip_in(place)
    if clip == place:
        return GroundTruth(clip)
    mask = place / MASK
    return GroundTruth(clip, mask if mask.is_file() else None, film_of(place))
