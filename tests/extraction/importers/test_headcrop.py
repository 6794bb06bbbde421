"""Is the crop of a head (faceswap's "head") computed correctly from landmarks alone?"""

import numpy as np
import pytest

from faceswap_ae.common.geometry import scale_of, transform
from faceswap_ae.extraction.importers.headcrop import head_matrix, old_matrix
from tests.support.foreign_sets import ada, points


@pytest.mark.parametrize("yaw", [-40, -20, 0, 20, 40])
def test_a_skull_is_in_the_middle_of_its_picture(yaw: float) -> None:
    """The skull's middle is 6.3 cm behind the outer corners of the eyes, by the true rotation."""
    frame = ada(yaw)
    middle = points(frame)[[36, 45]].mean(axis=0)
    millimetres = np.linalg.norm(np.diff(frame.landmarks.room[[36, 45]], axis=0))
    straight = np.linalg.norm((frame.landmarks.room[45] - frame.landmarks.room[36])[:2])
    pixel = np.linalg.norm(points(frame)[45] - points(frame)[36]) / straight
    behind = frame.turn @ np.array([0, 0, -63.0 * millimetres / 106.2])
    skull = middle + pixel * behind[:2] * [1, -1]
    x, y = transform(skull[None], head_matrix(points(frame), 512))[0] - 256
    assert abs(x) < 6 and abs(y) < 36


def test_heads_and_old_faces_differ_by_their_margins() -> None:
    frame = ada(0)
    head, old = head_matrix(points(frame), 512), old_matrix(points(frame), 512)
    assert scale_of(old) / scale_of(head) == pytest.approx(320 / 192)
    assert np.allclose(head[:, :2] / scale_of(head), old[:, :2] / scale_of(old))
