"""What are the statistics of a face folder: counts, and the range of each measure?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_ae.faces.folders import face_file, sorting
from faceswap_ae.faces.folders.archive import journal_of
from faceswap_ae.faces.folders.face_file import FaceEntry

TOLD = ("sharpness", "size", "turned", "yaw", "pitch", "brightness", "occlusion", "misfit")


@dataclass(frozen=True)
class FolderStatistics:
    """Counts of a face folder."""

    faces: int
    untold: int  # pictures without face data
    sources: tuple[str, ...]
    tracks: int
    masks: int
    dropped: int
    skipped: int


def folder_statistics(folder: Path, entries: Sequence[FaceEntry]) -> FolderStatistics:
    """Count the faces in a folder, and the dropped and skipped faces in its journal."""
    told = [entry.stored.face for entry in entries if entry.stored]
    there = {face.id for face in told}
    with journal_of(folder) as journal:
        dropped = len(journal.written - there)
        skipped = len(journal.skipped.keys() - there)
    return FolderStatistics(
        len(entries),
        len(entries) - len(told),
        tuple(sorted({face.source for face in told})),
        len({(face.clip, face.track) for face in told}),
        sum(face_file.mask_place(entry.place).exists() for entry in entries),
        dropped,
        skipped,
    )


def ranges(entries: Sequence[FaceEntry]) -> dict[str, tuple[float, float, float]]:
    """Return the minimum, the median and the maximum of each measure."""
    told = [entry.stored.face for entry in entries if entry.stored]
    values = {name: [sorting.MEASURES[name].of(face) for face in told] for name in TOLD}
    return {name: _range(found) for name, found in values.items() if found}


def _range(values: Sequence[float]) -> tuple[float, float, float]:
    return float(np.min(values)), float(np.median(values)), float(np.max(values))
