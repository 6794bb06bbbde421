"""How do two pictures of faces go together: in their colours, and in how far the mouth is open?"""

import numpy as np

from faceswap_ae.common.geometry import Doubles, Floats, Image, Points
from faceswap_ae.faces.landmark_masks import middle_mask
from faceswap_ae.faces.mesh import landmarks_of

STRONGEST = 3.0  # the greatest factor between the colours of two pictures
SURE = 127  # of 255: a pixel that counts as inside
# Of the mouth's width: by how much a mouth is more open than a picture shows it. Up to the first
# the picture is good enough, from the second on it shows nothing of the mouth's inside.
CLOSED_MORE = (0.03, 0.08)


def skin_colour(image: Image, mesh: Points) -> Doubles:
    """Return the mean colour (3,) of a face's skin, at least one level."""
    seen = middle_mask(landmarks_of(mesh), (image.shape[1], image.shape[0])) > SURE
    found = image[seen].mean(axis=0) if seen.any() else image.mean(axis=(0, 1))
    return np.asarray(np.maximum(found, 1.0))


def colour_gain(of: Doubles, to: Doubles) -> Floats:
    """Return the factor (3,) from one skin's colour to another's, within limits."""
    return np.clip(to / of, 1 / STRONGEST, STRONGEST).astype(np.float32)


def mouth_opening(mesh: Points) -> float:
    """Return how far a mouth is open, as a share of its width."""
    upper, lower, left, right = mesh[[13, 14, 78, 308], :2]
    width = float(np.linalg.norm(right - left))
    return float(np.linalg.norm(lower - upper)) / max(width, np.finfo(float).tiny)


def mouth_lacks(wanted: float, shown: float) -> float:
    """Return how much of an open mouth's inside a picture lacks, from 0 to 1."""
    return float(np.interp(wanted - shown, CLOSED_MORE, (0, 1)))
