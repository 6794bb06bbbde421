"""Which baseline without any training does a trained swap have to beat?

The baseline pastes faces. Every frame gets the owner's face with the most similar landmarks. Its
colours are transferred from the frame, and the mask is the landmarks' hull. The result jumps from
frame to frame, but each pasted face is a real face of the owner.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.claims_cast import Pictures
from faceswap_ae.common.geometry import Image, Points, transform, unwarp, warp
from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.compositing.region_colour import ColourSample, RegionColours
from faceswap_ae.conversion.compositor import CompositeOptions
from faceswap_ae.evaluation.target import find_target, scan_target
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.detection.scan import Detectors
from faceswap_ae.faces.landmark_masks import hull_mask
from faceswap_ae.media import reader
from faceswap_ae.media.writer import writing
from faceswap_ae.training.data import face_set
from faceswap_ae.training.data.face_set import FaceSet

CROP, SIDE = "inner", 256
SOFT = 3.0  # pixels of feathering at the edge of a pasted face


def paste(owner: Path, play: Path, out: Path) -> None:
    """Paste an owner's faces onto the main person of a clip."""
    known = face_set.load_face_set(owner, CROP, SIDE)
    looked = scan_target(play, Detectors(), no_progress)
    shown = find_target(looked)
    with writing(out, looked.clip, tracks=looked.clip) as sink:
        for frame in reader.frames(looked.clip):
            face = shown.at(frame.index)
            image = frame.image if face is None else _pasted(known, frame.image, face.landmarks)
            sink.write(image, frame.time, frame.duration)


def _pasted(known: FaceSet, frame: Image, landmarks: Points) -> Image:
    side, matrix = SIDE, matrix_of(landmarks, CROP, SIDE)
    found = shares(closest(known, landmarks))
    into = shares(warp(frame, matrix, (side, side)))
    points = transform(landmarks, matrix)
    colours = RegionColours(CompositeOptions().colour)
    mask = shares(hull_mask(points, (side, side)))
    pairs = colours.measure(ColourSample(found, points, mask), ColourSample(into, points, mask))
    face = colours.apply(found, points, pairs)
    return laid_in(levels(face), frame, landmarks)


def closest(known: FaceSet, landmarks: Points) -> Image:
    """The face (SIDE, SIDE, 3) whose landmarks are most similar."""
    shape = (transform(landmarks, matrix_of(landmarks, CROP, SIDE)) + 0.5) / SIDE
    place = int(np.linalg.norm(known.shapes - shape, axis=2).mean(axis=1).argmin())
    edge = known.margin
    return np.asarray(known.images[place][edge:-edge, edge:-edge], np.uint8)


def laid_in(face: Image, frame: Image, landmarks: Points) -> Image:
    """Composite a face's crop into its frame, with a feathered landmarks' hull as mask."""
    size = (frame.shape[1], frame.shape[0])
    pixels, cover = unwarp(face, matrix_of(landmarks, CROP, SIDE), size)
    soft = shares(cv2.GaussianBlur(hull_mask(landmarks, size), (0, 0), SOFT))
    share = (cover * soft)[..., None]
    return levels(shares(frame * (1 - share) + pixels * share))


def levels(pictures: NDArray[np.float32]) -> Pictures:
    """Convert pictures from [0, 1] to bytes."""
    return np.asarray(np.clip(pictures * 255 + 0.5, 0, 255), np.uint8)


def shares(pictures: NDArray[np.generic]) -> NDArray[np.float32]:
    """Convert pictures from bytes to [0, 1]."""
    return np.asarray(pictures.astype(np.float32) / np.float32(255), np.float32)
