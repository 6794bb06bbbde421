from dataclasses import replace

import cv2
import numpy as np
import pytest

from faceswap_ae.common.geometry import Image, transform
from faceswap_ae.evaluation.frame_metrics import (
    HIGHEST,
    ComparedPeople,
    FrameColumns,
    inner_mask,
    measure,
)
from faceswap_ae.evaluation.identity_metrics import views_of_faces
from faceswap_ae.evaluation.image_metrics import CROP, SIDE
from faceswap_ae.evaluation.scores import UNCHANGED
from faceswap_ae.evaluation.synchronised import AlignedFrames, Role
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.landmark_masks import hull_mask
from faceswap_ae.faces.record import DESCRIPTOR, Face
from faceswap_ae.synthetic.film import Film, frame

BEN, ADA = np.eye(DESCRIPTOR, dtype=np.float32)[:2]


def face(landmarks: np.ndarray[tuple[int, ...], np.dtype[np.float64]], who: Image) -> Face:
    return Face(
        id="a",
        source="a.mp4",
        clip="a",
        frame=0,
        time=0.0,
        box=(0, 0, 1, 1),
        landmarks=landmarks,
        detector="hog",
        score=1.0,
        descriptor=np.asarray(who, np.float32),
        pose=(3.0, 0.0, 0.0),
    )


@pytest.fixture(scope="module")
def moments() -> list[AlignedFrames]:
    """Three frames of ada with ben's face, as a perfect swap."""
    found = []
    for at in range(3):
        made = frame(Film("ada", seed=4, size=(224, 192)), at)
        true = frame(Film("ada", "ben", seed=4, size=(224, 192)), at)
        own = face(made.landmarks.picture.astype(np.float64), ADA)
        his = face(true.landmarks.picture.astype(np.float64), BEN)
        images: dict[Role, Image] = {
            "result": true.image,
            "onto": made.image,
            "truth": true.image,
        }
        faces: dict[Role, Face] = {"result": his, "onto": own, "truth": his}
        found.append(AlignedFrames(at, at / 15, at == 0, images, faces, true.mask > 127))
    return found


@pytest.fixture(scope="module")
def people(moments: list[AlignedFrames]) -> ComparedPeople:
    views = {role: views_of_faces([one]) for role, one in moments[0].faces.items()}
    return ComparedPeople(views["truth"], views["onto"])


def measured(moments: list[AlignedFrames], people: ComparedPeople) -> FrameColumns:
    columns = FrameColumns(len(moments))
    assert list(measure(moments, columns, people)) == [one.at for one in moments]
    return columns


def with_result(moment: AlignedFrames, image: Image) -> AlignedFrames:
    return replace(moment, images={**moment.images, "result": image})


def test_a_perfect_swap(moments: list[AlignedFrames], people: ComparedPeople) -> None:
    found = measured(moments, people)
    assert np.all(found["result.id_owner"] == 0) and np.all(found["result.retrieval"] == 1)
    assert np.allclose(found["result.id_replaced"], np.sqrt(2))
    assert np.all(found["psnr"] == HIGHEST) and np.allclose(found["ssim"], 1)
    assert np.all(found["psnr_coloured"] == HIGHEST)
    assert np.all(found["onto.psnr"] < 30)
    assert np.all(found["result-truth.points"] == 0) and np.all(found["result-onto.points"] > 0)
    assert np.allclose(found["sharpness"], 1) and np.all(found["seam"] == 0)
    assert np.all(found["changed"] > UNCHANGED)
    assert np.isnan(found["warping"][0]) and np.isfinite(found["warping"][1:]).all()


def test_nothing_is_measured_where_nobody_is(
    moments: list[AlignedFrames], people: ComparedPeople
) -> None:
    nobody = replace(moments[1], faces={})
    found = measured([moments[0], nobody, moments[2]], people)
    for name in ("result.id_owner", "psnr", "changed", "seam", "result-onto.mouth"):
        assert np.isnan(found[name]).tolist() == [False, True, False], name
    assert np.isnan(found["warping"]).all()
    assert np.isfinite(found["time"]).all()


def test_a_step_across_a_cut_is_left_out(
    moments: list[AlignedFrames], people: ComparedPeople
) -> None:
    cut = [moments[0], replace(moments[1], cut=True), moments[2]]
    assert np.isnan(measured(cut, people)["warping"]).tolist() == [True, True, False]


@pytest.mark.parametrize("within", [0, 5, 9])
def test_a_seam_is_found_wherever_the_mask_ends(
    within: int, moments: list[AlignedFrames], people: ComparedPeople
) -> None:
    one = moments[0]
    true = one.images["truth"]
    height, width = true.shape[:2]
    mask = hull_mask(one.faces["onto"].landmarks, (width, height))
    drawn_in = cv2.erode(mask, np.ones((2 * within // 3 + 1,) * 2, np.uint8)) > 127
    pale = np.where(drawn_in[..., None], np.minimum(true, 225) + 30, true).astype(np.uint8)
    assert measured([with_result(one, pale)], people)["seam"][0] > 4


def test_other_colours_are_told_apart_from_other_shapes(
    moments: list[AlignedFrames], people: ComparedPeople
) -> None:
    one = moments[0]
    true = one.images["truth"]
    pale = np.asarray(true * 0.7 + 60, np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(true, (0, 0), 2.0), np.uint8)
    cast, soft = (measured([with_result(one, image)], people) for image in (pale, blurred))
    assert cast["psnr_coloured"][0] > cast["psnr"][0] + 10
    assert soft["psnr_coloured"][0] < soft["psnr"][0] + 3
    assert cast["ssim"][0] > soft["ssim"][0]


def test_only_what_is_seen_is_compared(
    moments: list[AlignedFrames], people: ComparedPeople
) -> None:
    one = moments[0]
    landmarks = one.faces["truth"].landmarks
    x, y = landmarks[48:68].mean(axis=0)
    hidden, visible = one.images["truth"].copy(), np.ones(one.images["truth"].shape[:2], bool)
    part = slice(int(y) - 12, int(y) + 12), slice(int(x) - 12, int(x) + 12)
    hidden[part], visible[part] = 0, False
    moment = with_result(one, hidden)
    assert measured([moment], people)["psnr"][0] < 30
    # Only the edge of the hidden part still counts, where pixels of the crop are mixed.
    assert measured([replace(moment, visible=visible)], people)["psnr"][0] > 35


def test_the_inner_mask_is_within_the_face(moments: list[AlignedFrames]) -> None:
    landmarks = moments[0].faces["onto"].landmarks
    placed = transform(landmarks, matrix_of(landmarks, CROP, SIDE))
    inner, whole = inner_mask(placed), hull_mask(placed, (SIDE, SIDE)) > 127
    assert 0.3 < inner.sum() / whole.sum() < 0.9
    assert not (inner & ~whole).any()
