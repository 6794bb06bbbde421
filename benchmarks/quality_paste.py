"""What is the least that training has to beat? A clip made without any.

Every frame gets that face of the owner's whose landmarks lie most alike, in the frame's colours, as
far as the landmarks' hull goes. It jumps from frame to frame, but each of them is a real face.
"""

from pathlib import Path

from benchmarks import claims_score as score
from faceswap_ae import faceset, video
from faceswap_ae.align import matrix_of
from faceswap_ae.colour import COLOUR, measured, recoloured
from faceswap_ae.extraction import silent
from faceswap_ae.faceset import FaceSet
from faceswap_ae.finding import Eyes
from faceswap_ae.geometry import Image, Points, transform, warp
from faceswap_ae.hull import hull_mask
from faceswap_ae.subject import look_at, subject
from faceswap_ae.writer import writing


def paste(owner: Path, play: Path, out: Path) -> None:
    """Put an owner's faces onto the main person of a clip."""
    known = faceset.load(owner, score.CROP, score.SIDE)
    looked = look_at(play, Eyes(), silent)
    shown = subject(looked)
    with writing(out, looked.clip, tracks=looked.clip) as sink:
        for frame in video.frames(looked.clip):
            face = shown.at(frame.index)
            image = frame.image if face is None else _pasted(known, frame.image, face.landmarks)
            sink.write(image, frame.time, frame.duration)


def _pasted(known: FaceSet, frame: Image, landmarks: Points) -> Image:
    side, matrix = score.SIDE, matrix_of(landmarks, score.CROP, score.SIDE)
    found = score.shares(score.closest(known, landmarks))
    into = score.shares(warp(frame, matrix, (side, side)))
    mask = score.shares(hull_mask(transform(landmarks, matrix), (side, side)))
    way = COLOUR["mkl"]
    face = recoloured(way, found, measured(way, found, into, mask))
    return score.laid_in(score.levels(face), frame, landmarks)
