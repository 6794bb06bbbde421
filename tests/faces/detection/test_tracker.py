import numpy as np

from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.detection.tracker import GAP, Tracker
from faceswap_ae.faces.record import Descriptor

ADA, BEN = (np.eye(128, dtype=np.float32)[number] * 0.5 for number in range(2))


def at(x: float, y: float = 100.0, side: float = 80.0) -> Square:
    return Square(np.array([x, y]), side)


def test_two_people_who_pass_each_other_keep_their_numbers() -> None:
    tracker = Tracker()
    found = [
        tracker.assign(frame, [at(100 + 12 * frame), at(340 - 12 * frame)], [ADA, BEN], frame == 0)
        for frame in range(20)
    ]
    assert found == [[0, 1]] * 20


def test_a_short_absence_is_bridged_and_a_long_one_is_not() -> None:
    tracker = Tracker(5)
    assert tracker.assign(0, [at(100)], [ADA], True) == [5]
    assert tracker.assign(1, [], [], False) == []
    assert tracker.assign(GAP, [at(140)], [ADA], False) == [5]
    assert tracker.assign(2 * GAP + 1, [at(140)], [ADA], False) == [6]


def test_a_cut_ends_tracks() -> None:
    tracker = Tracker()
    tracker.assign(0, [at(100)], [ADA], True)
    assert tracker.assign(1, [at(100)], [ADA], True) == [1]


def test_somebody_else_in_the_same_place_is_another_track() -> None:
    tracker = Tracker()
    tracker.assign(0, [at(100)], [ADA], True)
    assert tracker.assign(1, [at(100)], [BEN], False) == [1]


def test_a_face_elsewhere_is_another_track() -> None:
    tracker, twin = Tracker(), ADA.copy()
    tracker.assign(0, [at(100)], [ADA], True)
    assert tracker.assign(1, [at(400)], [twin], False) == [1]
    assert tracker.assign(2, [at(100), at(400)], [ADA, twin], False) == [0, 1]


def test_the_order_of_faces_does_not_matter() -> None:
    descriptors: list[Descriptor] = [ADA, BEN]
    tracker = Tracker()
    tracker.assign(0, [at(100), at(150)], descriptors, True)
    assert tracker.assign(1, [at(150), at(100)], descriptors[::-1], False) == [1, 0]
