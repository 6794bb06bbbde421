"""How do a video's own pixels become RGB, and RGB become them again?

Both ways name the matrix and the range instead of letting swscale guess. swscale's quick way to
RGB cuts off instead of rounding, which darkens coloured pixels by 1.3 levels on average; the way
taken here is off by .3 at most and costs 1 ms more for a frame of 720p. Who only looks for faces
may take the quick one. (To YUV, rounding changes .3 levels and costs .7 ms: not taken.)
"""

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image
from faceswap_ae.media.clip import Colour

QUICK = Interpolation.BILINEAR
ROUNDED = QUICK | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
# FFmpeg's matrix codes to those that swscale computes with; it has one name for both 601 kinds.
MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
HIGH_DEFINITION = 720  # lines; what does not tell its matrix is BT.709 from here, else BT.601


def matrix_of(colour: Colour, height: int) -> int:
    """The matrix to compute with, for tags that may not tell."""
    return MATRICES.get(colour.matrix, 1 if height >= HIGH_DEFINITION else 5)


class ToRgb:
    """Frames to RGB. Keeps swscale's tables from frame to frame."""

    def __init__(self, colour: Colour, turn: int = 0, *, quick: bool = False) -> None:
        self.colour = colour
        self.turn = turn
        self.quick = quick
        self.scaler = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> Image:
        """One frame as an upright (h, w, 3) RGB picture."""
        image = self._grey(frame) if frame.format.name == "gray" else self._rgb(frame)
        return np.ascontiguousarray(np.rot90(image, self.turn)) if self.turn else image

    def _rgb(self, frame: VideoFrame) -> Image:
        # Rounded, planes first and then interleaved: straight to rgb24 costs twice as much.
        converted = self.scaler.reformat(
            frame,
            format="rgb24" if self.quick else "gbrp",
            src_colorspace=matrix_of(self.colour, frame.height),
            src_color_range=self.colour.range or ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=QUICK if self.quick else ROUNDED,
        )
        if self.quick:
            # Its rows are padded where the width is no multiple of the processor's registers.
            return np.ascontiguousarray(converted.to_ndarray(), np.uint8)
        green, blue, red = (_pixels(plane) for plane in converted.planes)
        return np.asarray(cv2.merge([red, green, blue]), np.uint8)

    def _grey(self, frame: VideoFrame) -> Image:
        # Masks are kept in grey, and a mask's 16 and 235 are not black and white.
        return np.repeat(_pixels(frame.planes[0])[..., None], 3, axis=2)


class FromRgb:
    """RGB to frames of an encoder's own kind."""

    def __init__(self, pixels: str, colour: Colour) -> None:
        self.pixels = pixels
        self.colour = colour
        self.scaler = VideoReformatter()

    def __call__(self, image: Image) -> VideoFrame:
        """A (h, w, 3) RGB or (h, w) grey picture as a frame."""
        kind = "gray" if image.ndim == 2 else "rgb24"
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format=kind)
        if kind != self.pixels:
            frame = self._converted(frame)
        frame.colorspace, frame.color_range = self.colour.matrix, self.colour.range
        # Some encoders write the frame's own tags, not the stream's.
        frame.color_primaries, frame.color_trc = self.colour.primaries, self.colour.transfer
        return frame

    def _converted(self, frame: VideoFrame) -> VideoFrame:
        return self.scaler.reformat(
            frame,
            format=self.pixels,
            dst_colorspace=matrix_of(self.colour, frame.height),
            src_color_range=ColorRange.JPEG,
            dst_color_range=self.colour.range or ColorRange.MPEG,
            interpolation=QUICK,
            # At other widths swscale's threads write beyond their rows, over each other's.
            threads=1 if frame.width % 16 else 0,
        )


def _pixels(plane: VideoPlane) -> NDArray[np.uint8]:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]
