"""How does dlib find a face's landmarks at a known place, and follow the face?

In each frame a small window, at the place of the face in the frame before, is searched by dlib's
HOG detector, and by its CNN if that finds nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from faceswap_ae.common.geometry import Image, invert, warp
from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.detection.detections import Detection, alone
from faceswap_ae.faces.detection.detectors import TURNS, DetectedBox, cnn, placed, run_hog
from faceswap_ae.faces.detection.landmarker import Landmarker, landmarker

WINDOW = 208  # pixels a side of the window for the close look around a face
SHARE = 0.5  # of the window's side that the face takes; the rest is room for its motion
SURE = 0.5  # score in the first orientation beyond which no rotation is tried
NEAR = 0.7  # of its side: the greatest motion of a face's centre between frames

Search = Callable[[Image], list[DetectedBox]]


@dataclass(frozen=True)
class DlibCloseUp:
    """Detects a face in a small window, at the place where a face is expected."""

    landmarker: Landmarker
    histograms: Search  # HOG: quick, sees upright faces only
    network: Search  # CNN
    turns: Sequence[int] = TURNS

    def sights(self, image: Image, spots: Iterable[DetectedBox]) -> list[Detection]:
        """Return the faces, with landmarks, for the boxes that a search found."""
        leaning = [self.upright(image, spot) for spot in spots]
        return alone(Detection(spot, self.landmarker(image, spot.square)) for spot in leaning)

    def follow(self, images: Sequence[Image], before: Detection) -> list[Detection]:
        """Return the same face in the next frames, up to the frame in which it is lost."""
        found: list[Detection] = []
        for image in images:
            square = found[-1].square if found else before.square
            spot = self._seen(image, square, self.histograms)
            spot = spot or self._seen(image, square, self.network)
            if spot is None:
                break
            found.append(Detection(spot, self.landmarker(image, spot.square)))
        return found

    def again(self, image: Image, like: Detection) -> Detection | None:
        """Return the face at the place where another frame shows it."""
        return Detection(like.spot, self.landmarker(image, like.square))

    def complete(self, seen: Sequence[tuple[Image, Detection]]) -> None:
        """Nothing: the landmarks are all that is found."""

    def upright(self, image: Image, spot: DetectedBox) -> DetectedBox:
        """Return the face with its square rotated as the head is.

        This is needed because the network also detects faces that are turned on their side.
        """
        ways = [
            replace(spot.square, angle=spot.square.angle + turn * np.pi / 2)
            for turn in (0, *self.turns)
        ]
        # Landmarks are more accurate in a square from the HOG detector: the shape predictor was
        # trained with such squares.
        for look in (self.histograms, self.network):
            seen: list[DetectedBox] = []
            for way in ways:
                found = self._seen(image, way, look)
                seen += [found] if found else []
                if found and way is ways[0] and found.score > SURE:
                    break
            if seen:
                return replace(spot, square=max(seen, key=lambda one: one.score).square)
        return spot

    def _seen(self, image: Image, square: Square, look: Search) -> DetectedBox | None:
        """Return the face at the square, or None. The window has the square's rotation."""
        matrix = square.cut(WINDOW, SHARE)
        window, back = warp(image, matrix, (WINDOW, WINDOW)), invert(matrix)
        spots = [placed(spot, back, square.angle) for spot in look(window)]
        near = [spot for spot in spots if _distance(spot.square, square) < NEAR * square.side]
        return min(near, key=lambda spot: _distance(spot.square, square), default=None)


def dlib_close_up(*, turns: bool) -> DlibCloseUp:
    """Load the two detectors and the landmarker for a close look."""
    import dlib

    histograms, network = dlib.get_frontal_face_detector(), cnn(WINDOW * WINDOW)
    return DlibCloseUp(
        landmarker(),
        lambda window: run_hog(histograms, window),
        lambda window: network([window])[0],
        TURNS if turns else (),
    )


def _distance(one: Square, other: Square) -> float:
    return float(np.linalg.norm(one.centre - other.centre))
