import numpy as np

from faceswap_ae.networks.model_interface import Networks, Output
from faceswap_ae.training.data.batches import Batch
from faceswap_ae.training.preview import (
    CELL,
    GAP,
    HEAD,
    PreviewNames,
    draw_preview,
    sheet,
    unlike_rows,
)


def test_a_cell_for_each_picture() -> None:
    columns = [np.full((3, 64, 64, 3), shade, np.float32) for shade in (0.2, 0.5, 0.8)]
    drawn = sheet(columns, ("ada", "ada again", "ben on ada"))
    assert drawn.shape == (HEAD + 3 * (CELL + GAP), GAP + 3 * (CELL + GAP), 3)
    for number, shade in enumerate((51, 128, 204)):
        x, y = GAP + number * (CELL + GAP) + CELL // 2, HEAD + CELL // 2
        assert abs(int(drawn[y, x, 0]) - shade) <= 1


def test_columns_bear_the_real_names() -> None:
    assert PreviewNames("ben", "ada").columns == (
        *("ada", "ada again", "ben on ada", "nearest ben", "mask"),
    )
    columns = [np.zeros((1, 64, 64, 3), np.float32)] * 2
    plain = sheet(columns, ("", ""))[:HEAD]
    named = sheet(columns, ("ada", "a name that is far too long for a column of faces"))[:HEAD]
    assert (named != plain).any()
    assert (named[:, -GAP:] == plain[:, -GAP:]).all()  # the name is cut, it does not overflow


def test_values_out_of_range_are_clipped() -> None:
    drawn = sheet(
        [np.array([-1.0, 2.0], np.float32).repeat(64 * 64 * 3).reshape(2, 64, 64, 3)], ("x",)
    )
    assert drawn[HEAD + 9, GAP + 9].tolist() == [0, 0, 0]
    assert drawn[HEAD + CELL + GAP + 9, GAP + 9].tolist() == [255, 255, 255]


def test_where_there_is_no_face_the_performer_stays() -> None:
    shape = (1, 64, 64)
    half = np.zeros((*shape, 1), np.float32)
    half[:, :, 32:] = 1
    made = Output(np.full((*shape, 3), 1.0, np.float32), half)
    one = Networks(64, 64, True, {}, lambda x, _of, _to: x, lambda _code, _to: made)
    plain, grey = np.zeros((*shape, 1), np.float32), np.full((*shape, 3), 0.2, np.float32)
    faces = Batch(grey, grey, plain, plain, plain, np.zeros((1, 68, 2), np.float32))
    far, near = np.ones((68, 2), np.float32), np.full((68, 2), 0.1, np.float32)
    two = [
        np.stack([np.full((64, 64, n), shade, np.float32) for shade in (1, 0.4)]) for n in (3, 1)
    ]
    owner = Batch(two[0], two[0], two[1], two[1], two[1], np.stack([far, near]))
    drawn = draw_preview(one, faces, owner, None, PreviewNames("ben", "ada"))
    for number, shades in enumerate(((51, 51), (51, 255), (51, 255), (102, 102), (0, 255))):
        x, y = GAP + number * (CELL + GAP), HEAD + CELL // 2
        assert (drawn[y, x + CELL // 4, 0], drawn[y, x + 3 * CELL // 4, 0]) == shades


def test_rows_differ() -> None:
    """Neighbours in time are nearly the same face: of each three alike one is shown."""
    near = np.repeat(np.array([0.0, 0.5, 1.0], np.float32), 3) + np.tile([0, 0.001, 0.002], 3)
    landmarks = np.broadcast_to(near[:, None, None], (9, 68, 2)).astype(np.float32)
    assert sorted(unlike_rows(landmarks, 3) // 3) == [0, 1, 2]
    assert unlike_rows(landmarks[:2], 6).tolist() == [0, 1]
