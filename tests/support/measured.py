"""Columns as if measured, for tests of what is made of them."""

import numpy as np

from faceswap_ae.evaluation.frame_metrics import FrameColumns
from faceswap_ae.evaluation.synchronised import Role

COUNT = 8


SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def columns(away: float = 0.2, cuts: tuple[int, ...] = (0,)) -> FrameColumns:
    """A swap that goes along with the performance, its descriptors so far from the owner."""
    found = FrameColumns(COUNT)
    for at in range(COUNT):
        roles: tuple[Role, ...] = ("result", "onto")
        found.put(at, [("time", at / 10), ("cut", float(at in cuts)), ("changed", 9.0)])
        for role in roles:
            own = role == "onto"
            found.put(
                at,
                [
                    (f"{role}.id_owner", 0.7 if own else away),
                    (f"{role}.id_replaced", 0.0 if own else 0.6),
                    (f"{role}.retrieval", float(not own)),
                    (f"{role}.pose", np.array([at, 0.0, 0.0])),
                    (f"{role}.quad", SQUARE + at),
                    (f"{role}.irises", np.full((2, 2), 0.1 * at)),
                    (f"{role}.colour", np.full(3, 100.0 + at % 2)),
                ],
            )
    return found
