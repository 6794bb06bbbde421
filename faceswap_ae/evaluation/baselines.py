"""What is the baseline (floor) of each metric, measured where nothing was swapped at all?

A part of the performance is encoded again, shifted by a few pixels, and scanned again. It is then
measured like a swap whose true swap is the performance itself. Its errors come from the encoding,
and from the detector, which places the landmarks a little differently. For descriptors, the
baseline is the distance between views of the same person.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.evaluation.frame_metrics import ComparedPeople, FrameColumns, measure
from faceswap_ae.evaluation.identity_metrics import identity, retrieved
from faceswap_ae.evaluation.synchronised import AlignedFrames, Role
from faceswap_ae.evaluation.target import MeasuredClip, TargetPerson
from faceswap_ae.faces.detection.scan import Detectors, scan
from faceswap_ae.faces.detection.scan_cache import ScannedClip
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.faces.record import Face
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.scene_cuts import CutDetector
from faceswap_ae.media.span import Span
from faceswap_ae.media.writer import writing

PART = 24  # frames
ENCODING = Encoding(repeatable=True)  # the same as in a conversion
ASIDE = (3, 2)  # pixels to the right and down: other pixels for the detector, the same face
LEAST = 4  # views of a person, at least, to be split into halves


def reencoded(leads: TargetPerson, detectors: Detectors, people: ComparedPeople) -> FrameColumns:
    """Measure a re-encoded part of a clip against the part itself."""
    part = _part(leads)
    with tempfile.TemporaryDirectory() as place:
        again = Path(place) / "again.mp4"
        with writing(again, leads.looked.clip, ENCODING) as sink:
            begin = None
            for frame in reader.frames(leads.looked.clip, part):
                begin = frame.time if begin is None else begin
                sink.write(_moved(frame.image, *ASIDE), frame.time - begin, frame.duration)
        looked = _looked(again, detectors)
        columns = FrameColumns(looked.count)
        for _ in measure(_moments(leads, looked, part), columns, people):
            pass
    return columns


def views_baseline(people: ComparedPeople) -> dict[str, float]:
    """Return the identity metrics of a perfect swap, measured on the owner's own views.

    One half of these views is compared with the other half, and with the replaced person.
    """
    owner, replaced = people.owner, people.replaced
    half = len(owner) // 2
    floors = {"id_replaced": float(identity(owner, replaced).mean())}
    if half < LEAST // 2:
        return floors
    one, other = owner[:half], owner[half:]
    near, far = identity(one, other), identity(one, replaced)
    told = retrieved(one, [other, replaced]) == 0
    return {
        **floors,
        "id_owner": float(near.mean()),
        "nearer_to_owner": float((near < far).mean()),
        "retrieval": float(told.mean()),
    }


def _part(leads: TargetPerson) -> Span:
    """Return consecutive frames in the middle of those that show the target person."""
    frames, last = leads.frames, leads.looked.count - 1
    first = max(0, min(frames[len(frames) // 2] - PART // 2, last + 1 - PART))
    return Span(first=first, last=min(first + PART - 1, last))


def _looked(clip: Path, detectors: Detectors) -> MeasuredClip:
    """Scan a clip; the journal of its faces is stored beside it and is deleted with it."""
    opened, journal = open_clip(clip), Journal(clip.parent)
    for _ in scan(opened, journal, detectors):
        pass
    return MeasuredClip(opened, ScannedClip(fingerprint(clip), journal))


def _moments(leads: TargetPerson, again: MeasuredClip, part: Span) -> Iterator[AlignedFrames]:
    own, cuts = leads.looked.clip, CutDetector()
    pairs = zip(reader.frames(own, part), reader.frames(again.clip), strict=True)
    for at, (frame, copy) in enumerate(pairs):
        height, width = frame.image.shape[:2]
        back = _moved(copy.image, *(-step for step in ASIDE))[:height, :width]
        place, image = leads.at(frame.index), frame.image
        found = None if place is None else again.near(at, place)
        faces: dict[Role, Face] = {}
        if place is not None:
            faces = {"onto": place, "truth": place}
        if found is not None:
            faces["result"] = replace(found, landmarks=found.landmarks - ASIDE)
        images: dict[Role, Image] = {"result": back, "onto": image, "truth": image}
        yield AlignedFrames(at, float(frame.time), cuts(image), images, faces)


def _moved(image: Image, right: int, down: int) -> Image:
    """Shift a picture; the pixels of its border are repeated to fill the gap."""
    matrix = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
    size, border = image.shape[1::-1], cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=border), np.uint8)
