from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError
from faceswap_ae.conversion.trajectories import BRIDGED, place_faces
from faceswap_ae.faces.record import Face
from tests.support.face_records import some_face

SHAPE = np.random.default_rng(0).uniform(0, 100, (68, 2))


def found(frame: int, landmarks: NDArray[np.float64], track: int = 0) -> Face:
    return some_face(frame, landmarks=landmarks, track=track)


def moving(frame: int) -> NDArray[np.float64]:
    return np.asarray(SHAPE + np.array([3.0 * frame, frame]))


def test_a_trembling_face_is_placed_steadily() -> None:
    rng = np.random.default_rng(1)
    faces = [found(frame, moving(frame) + rng.normal(0, 1, (68, 2))) for frame in range(60)]
    rows = {how: place_faces(faces, {0: 0}, how) for how in ("rts", "none")}
    off = {
        how: np.mean(
            [np.abs(row.at(frame)[0].landmarks - moving(frame)).mean() for frame in range(10, 50)]
        )
        for how, row in rows.items()
    }
    assert off["rts"] < 0.5 * off["none"]


def test_eyes_and_mouth_are_not_damped_as_places_are() -> None:
    """A chin that drops for two frames changes the outline, but hardly the place."""
    shapes = [moving(frame) for frame in range(40)]
    for frame in (20, 21):
        shapes[frame][8, 1] += 20
    where = place_faces([found(frame, shape) for frame, shape in enumerate(shapes)], {0: 0})
    (place,) = where.at(20)
    drop = {
        name: getattr(place, name)[8, 1] - moving(20)[8, 1] for name in ("landmarks", "outline")
    }
    assert drop["landmarks"] < 12
    assert drop["outline"] > drop["landmarks"] + 3


def test_a_face_lost_for_a_moment_is_bridged_along_its_motion() -> None:
    frames = [frame for frame in range(40) if not 15 <= frame < 20]
    where = place_faces([found(frame, moving(frame)) for frame in frames], {0: 0})
    assert where.frames == list(range(40))
    (place,) = where.at(17)
    assert np.abs(place.landmarks - moving(17)).max() < 1


def test_a_face_lost_for_long_comes_in_anew() -> None:
    for lost in (BRIDGED, BRIDGED + 1):
        frames = [frame for frame in range(40) if not 10 <= frame < 10 + lost]
        where = place_faces([found(frame, moving(frame)) for frame in frames], {0: 0})
        assert (len(where.frames) == 40) is (lost == BRIDGED)
    away = range(10, 10 + BRIDGED + 1)
    frames = [frame for frame in range(40) if frame not in away]
    where = place_faces([found(frame, moving(frame)) for frame in frames], {0: 0})
    assert where.frames == frames
    assert where.at(12) == []


def test_dropped_faces_are_left_alone_in_the_middle_too() -> None:
    faces = [found(frame, moving(frame)) for frame in range(20)]
    dropped = {faces[number].id for number in (9, 10)}
    where = place_faces(faces, {0: 0}, dropped=dropped)
    assert where.frames == [frame for frame in range(20) if frame not in (9, 10)]
    assert where.at(9) == []
    assert where.digest != place_faces(faces, {0: 0}).digest
    # The frames around them are as steady as if these frames were not missing.
    assert np.allclose(where.at(11)[0].landmarks, place_faces(faces, {0: 0}).at(11)[0].landmarks)


def test_motion_is_that_of_the_frames_around() -> None:
    where = place_faces([found(frame, moving(frame)) for frame in range(30)], {0: 0})
    for frame, apart in ((0, 1), (15, 2), (29, 1)):
        (place,) = where.at(frame)
        assert place.apart == apart
        moved = (place.after - place.before).mean(axis=0) / apart
        assert np.allclose(moved, [3, 1], atol=0.05)


def test_only_tracks_with_a_role_are_placed() -> None:
    faces = [found(frame, moving(frame), track) for frame in range(5) for track in (0, 1, 2)]
    where = place_faces(faces, {0: 1, 2: 0})
    assert [(place.track, place.role) for place in where.at(3)] == [(0, 1), (2, 0)]
    assert place_faces(faces, {}).frames == []


def test_other_places_have_another_digest() -> None:
    one, same, other = (
        place_faces([found(frame, moving(frame) + shift) for frame in range(5)], {0: 0})
        for shift in (0, 0, 0.5)
    )
    assert one.digest == same.digest != other.digest


def test_an_unknown_way_is_told() -> None:
    with pytest.raises(UserError, match="rts"):
        place_faces([found(0, SHAPE)], {0: 0}, "rst")


def test_meshes_are_known_in_every_frame() -> None:
    faces = [found(frame, moving(frame)) for frame in (2, 3, 6, 7)]
    meshes = {frame: np.full((478, 3), float(frame)) for frame in (3, 6)}
    seen = [replace(face, mesh=meshes.get(face.frame)) for face in faces]
    assert place_faces(seen, {0: 0}).rows[0].meshes is None
    (row,) = place_faces(seen, {0: 0}, meshes=True).rows
    assert row.meshes is not None
    assert row.meshes[:, 0, 0].tolist() == [3, 3, 4, 5, 6, 6]
    (row,) = place_faces(faces, {0: 0}, meshes=True).rows
    assert row.meshes is None
