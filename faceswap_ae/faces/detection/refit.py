"""How do the faces of a folder get landmarks of the other kind?

The landmarks are found anew in each face's own picture, which shows the whole face. The picture
stays as it is, to the bit: its record alone is written anew. What the user corrected by hand is
kept in `.dropped/` as it was. The rows of scanned frames leave the journal, because they hold the
old landmarks; which faces were written and dropped stays in it. So the next extraction or
conversion scans those clips again.
"""

from dataclasses import astuple, dataclass, replace
from pathlib import Path

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.geometry import Image, invert, transform
from faceswap_ae.common.limits import lines_of, parse_json
from faceswap_ae.common.progress import Advance
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.detections import CloseUp, Detection
from faceswap_ae.faces.detection.detectors import DetectedBox
from faceswap_ae.faces.detection.scan import close_up_of
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_folder import check_unpacked, drop, set_aside
from faceswap_ae.faces.folders.journal import NAME
from faceswap_ae.faces.mesh import mesh_pose, move_mesh
from faceswap_ae.faces.record import Face, StoredFace


@dataclass(frozen=True)
class Refit:
    """How many faces got new landmarks, had them, and were dropped because none were found."""

    refitted: int
    there: int
    dropped: int


def refit(folder: Path, landmarks: str, advance: Advance = lambda _: None) -> Refit:
    """Give all faces of a folder landmarks of one kind."""
    check_unpacked(folder)
    closely = close_up_of(landmarks, turns=False)
    _forget_frames(folder)
    fitted, there, lost = 0, 0, list[str]()
    for count, entry in enumerate(face_file.entries(folder), 1):
        stored = entry.stored
        if stored is None or stored.face.landmarker == landmarks:
            there += stored is not None
        else:
            image = face_file.pixels(entry.place)
            sight = _seen(image, stored, closely)
            if sight is None:
                lost.append(entry.name)
            else:
                path = folder / entry.name
                if stored.face.corrected:
                    set_aside(path)
                face_file.write_crop(path, image, replace(stored, face=_refitted(stored, sight)))
                fitted += 1
        advance(count)
    if lost:
        drop(folder, lost)
    return Refit(fitted, there, len(lost))


def _seen(image: Image, stored: StoredFace, closely: CloseUp) -> Detection | None:
    """Return the face where the old landmarks lie, in the picture's pixels."""
    spot = DetectedBox(square_around(stored.landmarks), stored.face.score, stored.face.detector)
    found = closely.sights(image, [spot])
    if found:
        closely.complete([(image, found[0])])
    return found[0] if found else None


def _refitted(stored: StoredFace, sight: Detection) -> Face:
    back = invert(stored.matrix)
    landmarks = transform(sight.landmarks, back)
    found = replace(stored.face, landmarks=landmarks, mesh=None, doubtful=False, corrected=False)
    if sight.mesh is None:  # the pose stays: by landmarks, it needs the frame's size
        return found
    mesh = move_mesh(sight.mesh, back)
    return replace(found, mesh=mesh, pose=astuple(mesh_pose(mesh)))


def _forget_frames(folder: Path) -> None:
    """Remove the rows of scanned frames from a folder's journal."""
    path = folder / NAME
    if not path.exists():
        return
    with replacing(path) as part, part.open("wb") as file:
        for line in lines_of(path):
            if not _is_frame(line):
                file.write(line)


def _is_frame(line: bytes) -> bool:
    try:
        row = parse_json(line)
    except ValueError:
        return False
    return isinstance(row, dict) and row.get("row") == "frame"
