"""How does the performer lend the inside of a mouth that a person's pictures never show open?"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from faceswap_ae.common.geometry import Doubles, Floats, Image, Points
from faceswap_ae.reenactment.matching import colour_gain, skin_colour
from faceswap_ae.reenactment.mesh_warp import (
    WHOLE,
    DrawnMesh,
    Rectangle,
    around,
    bend,
    source_map,
    triangles,
)
from faceswap_ae.reenactment.regions import inner_mouth


@dataclass(frozen=True, eq=False)
class Lender:
    """A picture of the performer with its mesh, and the colour (3,) that its skin is brought to."""

    picture: Image
    mesh: Points
    skin: Doubles


def lend_mouth(
    face: Image | Floats,
    drawn: DrawnMesh,
    lender: Lender,
    lacking: float,
    seen: Rectangle = WHOLE,
) -> None:
    """Lay the inside of the lender's mouth over a face, in place, `lacking` of the way (0 to 1).

    `face` is the part `seen` of the drawn crop.
    """
    if lacking <= 0:
        return
    between = lacking * drawn.spread(_inside())[seen]
    if not between.any():
        return
    part = around(between)
    rows, columns = (
        slice(own.start + (of.start or 0), own.stop + (of.start or 0))
        for own, of in zip(part, seen, strict=True)
    )
    mouth = bend(lender.picture, source_map(drawn, lender.mesh, (rows, columns)))
    levels = mouth * colour_gain(skin_colour(lender.picture, lender.mesh), lender.skin)
    own = face[part].astype(np.float32)
    own += (np.clip(levels, 0, 255) - own) * between[part][..., None]
    face[part] = own + np.float32(0.5 if face.dtype == np.uint8 else 0)


@cache
def _inside() -> Doubles:
    return inner_mouth(triangles()).astype(np.float64)
