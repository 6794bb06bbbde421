from typing import Any

import numpy as np
import pytest

from faceswap_ae.conversion.cover_plan import (
    BEYOND,
    DOUBTFUL,
    LONGER,
    LOST,
    REACH,
    SMALL,
    TURNED,
    CoverPlan,
    Scenes,
    plan_covers,
)
from faceswap_ae.faces.mesh import POINTS
from faceswap_ae.faces.record import Face
from tests.support.face_records import some_face

MESH = np.zeros((POINTS, 3))
ONE_SCENE = Scenes((0,), 100)


def track(frames: range, number: int = 0, **changes: Any) -> list[Face]:
    """A face at one place in some frames."""
    own = {"mesh": MESH, "track": number, **changes}
    return [some_face(frame, frame=frame, **own) for frame in frames]


def reasons(plan: CoverPlan) -> dict[int, set[str]]:
    return {frame: {place.why for place in plan.at(frame)} for frame in sorted(plan.places)}


def test_a_swapped_face_is_covered_only_beyond_its_ends() -> None:
    plan = plan_covers(track(range(20, 60)), {0}, ONE_SCENE, "blur")
    beyond = [*range(20 - REACH, 20), *range(60, 60 + REACH)]
    assert reasons(plan) == {frame: {BEYOND} for frame in beyond}


def test_a_cover_does_not_reach_into_another_scene() -> None:
    plan = plan_covers(track(range(20, 60)), {0}, Scenes((0, 18, 60), 100), "blur")
    assert sorted(plan.places) == [18, 19]


def test_nor_over_the_same_face_in_another_track() -> None:
    faces = [*track(range(20, 40)), *track(range(40, 60), 1)]
    plan = plan_covers(faces, {0, 1}, ONE_SCENE, "blur")
    assert not set(plan.places) & set(range(20, 60))


def test_a_track_without_a_new_face_is_covered_whole() -> None:
    plan = plan_covers(track(range(20, 60)), (), ONE_SCENE, "solid")
    assert all(reasons(plan)[frame] == {"solid"} for frame in range(20, 60))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"box": (10.0, 10.0, 34.0, 34.0)}, SMALL),
        ({"pose": (-70.0, 0.0, 0.0)}, TURNED),
        ({"pose": (0.0, 50.0, 0.0)}, TURNED),
        ({"doubtful": True}, DOUBTFUL),
        ({"mesh": None}, DOUBTFUL),
    ],
)
def test_what_cannot_be_swapped_is_covered_a_little_longer(
    changes: dict[str, Any], why: str
) -> None:
    faces = [*track(range(20, 40)), *track(range(40, 42), **changes), *track(range(42, 60))]
    found = reasons(plan_covers(faces, {0}, ONE_SCENE, "blur"))
    assert all(why in found[frame] for frame in range(40 - LONGER, 42 + LONGER))
    assert not {30, 50} & found.keys()


def test_gaps() -> None:
    """A short one has the new face, a longer one is covered along the way between its ends."""
    moved = (50.0, 60.0, 150.0, 160.0)
    short = plan_covers([*track(range(20, 30)), *track(range(36, 50))], {0}, ONE_SCENE, "blur")
    assert not set(short.places) & set(range(20, 50))
    faces = [*track(range(20, 30)), *track(range(44, 60), box=moved)]
    longer = plan_covers(faces, {0}, ONE_SCENE, "blur")
    middle = [place for place in longer.at(36) if place.why == LOST]
    assert middle and 10 < middle[0].box[0] < 50
    uncovered = plan_covers([*track(range(20, 30)), *track(range(36, 50))], (), ONE_SCENE, "blur")
    assert all(uncovered.at(frame) for frame in range(20, 50))
