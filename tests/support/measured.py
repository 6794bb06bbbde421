"""Which invented measurements (frame columns) are used to test scores and worst frames?"""

import numpy as np

from faceswap_ae.evaluation.frame_metrics import FrameColumns
from faceswap_ae.evaluation.synchronised import Role

COUNT = 8


SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def columns(away: float = 0.2, cuts: tuple[int, ...] = (0,)) -> FrameColumns:
    """Columns of a swap that moves like the performance.

    `away` is the distance of its descriptors from the owner's.
    """
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
                    (f"{role}.eyes_open", 0.2 + 0.1 * (at % 2)),
                    (f"{role}.irises", np.full((2, 2), 0.1 * at)),
                    (f"{role}.colour", np.full(3, 100.0 + at % 2)),
                ],
            )
    return found
