"""Where are the faces in a picture, by BlazeFace (Bazarevsky et al. 2019)?

The network looks at the whole picture, small and square. Each cell of a grid proposes boxes with a
score and six points of the face. Boxes that overlap are one face: their mean, weighted by their
scores, is steadier than the best of them. Two ranges: `short` sees faces as in a selfie, `full`
also smaller ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Floats, Image, Points
from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.detection.detectors import DetectedBox
from faceswap_ae.runtime.backend import load_keras
from faceswap_ae.runtime.inference import CompiledNetwork
from faceswap_ae.runtime.weights import weight_file

# Of each range: its file, and for each of its grids the cells a side and the boxes of a cell.
RANGES: dict[str, tuple[str, tuple[tuple[int, int], ...]]] = {
    "short": ("face_detection_short_range.tflite", ((16, 2), (8, 6))),
    "full": ("face_detection_full_range.tflite", ((48, 1),)),
}
SURE = 0.5  # score from which a box is a face
SAME = 0.3  # intersection over union from which boxes are of one face
LIMIT = 80.0  # of a score before the sigmoid
RIGHT_EYE, LEFT_EYE = 2, 3  # rows of a box's numbers, after its centre and its size


@dataclass(frozen=True, eq=False)
class BlazeFace:
    """The detector of one range."""

    network: CompiledNetwork
    side: int  # pixels of the network's picture
    anchors: Points  # (n, 2): the middle of each box's cell in the unit square
    name: str

    def __call__(self, images: Sequence[Image]) -> list[list[DetectedBox]]:
        """Return the faces of pictures of one size, the best score first."""
        if not images:
            return []
        small, scale, edge = _boxed(images, self.side)
        numbers, scores = (one.astype(np.float64) for one in self.network(small))
        numbers = numbers.reshape(len(images), -1, 8, 2) / self.side
        numbers[:, :, 0] += self.anchors
        numbers[:, :, 2:] += self.anchors[:, None]
        sure = 1 / (1 + np.exp(-scores[..., 0].clip(-LIMIT, LIMIT)))
        return [
            [self._placed(*one, scale, edge) for one in _faces(boxes, score)]
            for boxes, score in zip(numbers, sure, strict=True)
        ]

    def _placed(self, box: Doubles, score: float, scale: float, edge: Doubles) -> DetectedBox:
        """Map a box (8, 2) in the unit square to the picture."""
        placed = (box * self.side - edge) / scale
        across = placed[LEFT_EYE] - placed[RIGHT_EYE]
        side = float(box[1].max()) * self.side / scale
        angle = float(np.arctan2(across[1], across[0]))
        return DetectedBox(Square(placed[0] - 0.5, side, angle), score, self.name)


@cache
def blazeface(name: str) -> BlazeFace:
    """Return the detector of a range; its weights are read once."""
    load_keras()
    from faceswap_ae.faces.detection.tflite_networks import rebuild

    file, grids = RANGES[name]
    model = rebuild(weight_file(file))
    side = int(model.inputs[0].shape[1])
    return BlazeFace(CompiledNetwork(model), side, _anchors(grids), f"blaze-{name}")


def _anchors(grids: tuple[tuple[int, int], ...]) -> Points:
    found = []
    for cells, boxes in grids:
        y, x = np.mgrid[:cells, :cells]
        middles = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / cells
        found.append(np.repeat(middles, boxes, axis=0))
    return np.concatenate(found)


def _boxed(images: Sequence[Image], side: int) -> tuple[Floats, float, Doubles]:
    """Return pictures shrunk into squares with black bars, the scale, and the bars' widths."""
    height, width = images[0].shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    small = np.zeros((len(images), side, side, 3), np.float32)
    for image, place in zip(images, small, strict=True):
        shrunk = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        place[top : top + size[1], left : left + size[0]] = shrunk
    return small / np.float32(127.5) - np.float32(1), scale, np.array([left, top], np.float64)


def _faces(boxes: Doubles, scores: Doubles) -> list[tuple[Doubles, float]]:
    """Return each face's box, the mean of those that overlap the best one, and its score."""
    order = np.argsort(-scores, kind="stable")
    rest = order[scores[order] >= SURE]
    found = []
    while len(rest):
        best = rest[0]
        same = _overlap(boxes[rest], boxes[best]) >= SAME
        same[0] = True
        weights = scores[rest[same]]
        mean = np.average(boxes[rest[same]], axis=0, weights=weights)
        found.append((mean, float(scores[best])))
        rest = rest[~same]
    return found


def _overlap(boxes: Doubles, best: Doubles) -> Doubles:
    """Return the intersection over union of boxes with one, given by centres and sizes."""
    low = np.maximum(boxes[:, 0] - boxes[:, 1] / 2, best[0] - best[1] / 2)
    high = np.minimum(boxes[:, 0] + boxes[:, 1] / 2, best[0] + best[1] / 2)
    inner = (high - low).clip(0).prod(axis=1)
    union = boxes[:, 1].prod(axis=1) + best[1].prod() - inner
    return np.asarray(inner / np.maximum(union, 1e-9))
