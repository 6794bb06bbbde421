from dataclasses import replace

from faceswap_ae.faces.identities import TrackKey, known_person, split_people, tally_tracks
from tests.support.face_records import known, seen


def keys(*tracks: int) -> list[TrackKey]:
    return [("clip", track) for track in tracks]


def test_tracks_are_grouped_by_person_who_is_seen_most_first() -> None:
    faces = [*seen(1, 0, 5), *seen(2, 1, 30), *seen(1, 2, 9), *seen(3, 3, 1), *seen(2, 4, 2)]
    people = split_people(tally_tracks(faces), [])
    assert people.unknown == [set(keys(1, 4)), set(keys(0, 2)), set(keys(3))]


def test_of_two_seen_as_often_the_larger_comes_first() -> None:
    small, large = seen(1, 0, 2), seen(2, 1, 2)
    large = [replace(face, landmarks=2 * face.landmarks) for face in large]
    for faces in ([*small, *large], [*large, *small]):
        assert split_people(tally_tracks(faces), []).unknown == [set(keys(1)), set(keys(0))]


def test_the_order_of_faces_does_not_change_the_people() -> None:
    faces = [*seen(1, 0, 5), *seen(2, 1, 30), *seen(1, 2, 9), *seen(3, 3, 1)]
    assert split_people(tally_tracks(faces), []) == split_people(tally_tracks(faces[::-1]), [])


def test_the_known_are_recognised_and_the_rest_grouped() -> None:
    faces = [*seen(1, 0), *seen(2, 1), *seen(3, 2), *seen(3, 3)]
    people = split_people(tally_tracks(faces), [known(2), None, known(1, 1)])
    assert people.known == [set(keys(1)), set(), set(keys(0))]
    assert people.unknown == [set(keys(2, 3))]


def test_a_single_odd_face_goes_with_its_track() -> None:
    odd = replace(seen(1, 0, 1)[0], descriptor=seen(2, 0, 1)[0].descriptor)
    people = split_people(tally_tracks([*seen(1, 0, 20), odd]), [known(1), known(2)])
    assert people.known == [set(keys(0)), set()]


def test_nobody_is_known_by_nothing() -> None:
    assert known_person([]) is None
    assert split_people({}, [None]).unknown == []
