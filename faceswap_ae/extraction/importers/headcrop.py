"""Which square of its frame does faceswap's PNG of a head show?

The PNG holds the landmarks in frame pixels, but not the square that was cut out. The square follows
from the landmarks: a similarity brings landmarks 17 to 67 nearest to a mean face, and a shift moves
the centre of the skull to the centre of the picture. Where the skull's centre is follows from the
head's pose, which is estimated with 26 points of P. Martins' anthropometric model of the face
(University of Coimbra).
"""

import cv2
import numpy as np

from faceswap_ae.common.geometry import Matrix, Points, fit_similarity, transform
from faceswap_ae.faces.alignment import FITTED, TEMPLATE

BROWS = 17  # the first landmark after the jaw's, which are not fitted
ASIDE = np.array([0.009873, 0.0])  # added to the template, so that the nose is at .5
# The mouth of the mean face, landmarks 48 to 67; the template has only its corners.
MOUTH = np.array(
    [
        *[(0.264022, 0.780233), (0.350858, 0.745405), (0.438731, 0.727388), (0.5, 0.742578)],
        *[(0.561268, 0.727388), (0.649141, 0.745405), (0.735977, 0.780233), (0.652032, 0.864805)],
        *[(0.566594, 0.902192), (0.5, 0.909281), (0.433405, 0.902192), (0.347967, 0.864805)],
        *[(0.300252, 0.784792), (0.437969, 0.778746), (0.5, 0.785343), (0.56203, 0.778746)],
        *[(0.699747, 0.784792), (0.563237, 0.824182), (0.5, 0.831803), (0.436763, 0.824182)],
    ]
)
MEAN = np.concatenate([TEMPLATE[FITTED < 48] + ASIDE, MOUTH])

# The landmarks that the model has, and their positions in it: to the side, up, forward.
POSED = [*range(6, 11), 17, 21, 22, 26, *range(31, 37), 39, 42, 45, 48, 50, 51, 52, 54, 56, 57, 58]
MODEL = np.array(
    [
        *[(4.056931, -11.432347, 1.636229), (1.833492, -12.542305, 4.061275)],
        *[(0.0, -12.901019, 4.070434), (-1.833492, -12.542305, 4.061275)],
        *[(-4.056931, -11.432347, 1.636229), (6.825897, 1.275284, 4.402142)],
        *[(1.330353, 1.636816, 6.903745), (-1.330353, 1.636816, 6.903745)],
        *[(-6.825897, 1.275284, 4.402142), (1.930245, -5.060977, 5.914376)],
        *[(0.746313, -5.136947, 6.263227), (0.0, -5.485328, 6.76343)],
        *[(-0.746313, -5.136947, 6.263227), (-1.930245, -5.060977, 5.914376)],
        *[(5.311432, 0.0, 3.987654), (1.78993, -0.091703, 4.413414)],
        *[(-1.78993, -0.091703, 4.413414), (-5.311432, 0.0, 3.987654)],
        *[(2.774015, -7.566103, 5.048531), (0.509714, -7.056507, 6.566167)],
        *[(0.0, -7.131772, 6.704956), (-0.509714, -7.056507, 6.566167)],
        *[(-2.774015, -7.566103, 5.048531), (-0.589441, -8.443925, 6.109526)],
        *[(0.0, -8.601736, 6.097667), (0.589441, -8.443925, 6.109526)],
    ]
)
SKULL = np.array([[0.0, 0.0, -2.3]])  # its centre, in the model's units
# A camera with a focal length of four face widths; it looks at the centre of the mean face.
CAMERA = np.array([[4.0, 0.0, 0.5], [0.0, 4.0, 0.5], [0.0, 0.0, 1.0]])
STRAIGHT = np.zeros(4)  # no lens distortion
PADDING, OLD_PADDING = 0.625, 0.375  # of the picture's side, around the mean face


def head_matrix(landmarks: Points, size: int) -> Matrix:
    """Return the matrix from the frame to a head's PNG, `size` pixels a side. Raises ValueError."""
    to_mean = fit_similarity(landmarks[BROWS:], MEAN)
    aside = _skull(transform(landmarks, to_mean)) - 0.5
    return _padded(np.column_stack([to_mean[:, :2], to_mean[:, 2] - aside]), size, PADDING)


def old_matrix(landmarks: Points, size: int) -> Matrix:
    """Return the same for sets from before alignments 2.0, centred on the mean face."""
    return _padded(fit_similarity(landmarks[BROWS:], MEAN), size, OLD_PADDING)


def _skull(placed: Points) -> Points:
    """Return the centre of the skull in the mean face's units."""
    seen = np.ascontiguousarray(placed[POSED])
    try:
        _, turn, shift = cv2.solvePnP(MODEL, seen, CAMERA, STRAIGHT, flags=cv2.SOLVEPNP_ITERATIVE)
    except cv2.error as error:
        raise ValueError("landmarks that no head has") from error
    return np.asarray(cv2.projectPoints(SKULL, turn, shift, CAMERA, STRAIGHT)[0].reshape(2))


def _padded(to_mean: Matrix, size: int, padding: float) -> Matrix:
    edge = round(size * padding / 2)
    # No half pixels are added: the corner of the mean face is the centre of a pixel.
    return to_mean * (size - 2 * edge) + [[0, 0, edge], [0, 0, edge]]
