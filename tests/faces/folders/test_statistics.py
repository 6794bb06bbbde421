from pathlib import Path

import numpy as np

from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_folder import drop
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.faces.folders.packing import pack
from faceswap_ae.faces.folders.sorting import MEASURES
from faceswap_ae.faces.folders.statistics import TOLD, FolderStatistics, folder_statistics, ranges
from tests.support.face_folders import face, fill, names, paint, plain_picture


def test_everything_is_counted_in_a_folder_and_in_its_zip(tmp_path: Path) -> None:
    ada = tmp_path / "ada"
    fill(ada, range(8, 14))
    paint(ada, names(ada)[4])
    plain_picture(ada)
    drop(ada, names(ada)[:1])
    journal = Journal(ada)
    journal.add_skipped({"one": "blurred", "two": "small"})
    found = folder_statistics(ada, face_file.entries(ada))
    assert found == FolderStatistics(6, 1, ("first.mp4", "second.mp4"), 3, 1, 1, 2)
    zipped, _ = pack(ada)
    assert folder_statistics(zipped, face_file.entries(zipped)) == found


def test_ranges_are_of_the_faces_that_have_a_story(tmp_path: Path) -> None:
    fill(tmp_path, range(5))
    plain_picture(tmp_path)
    found = ranges(face_file.entries(tmp_path))
    assert tuple(found) == TOLD
    assert found["sharpness"] == (0.0, 0.1, 0.2)
    sizes = [MEASURES["size"].of(face(number)) for number in range(5)]
    assert np.allclose(found["size"], np.quantile(sizes, [0, 0.5, 1]), atol=0.02)
    assert ranges([]) == {}
