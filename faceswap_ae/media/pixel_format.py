"""How are frames converted from a video's pixel format (YUV) to RGB, and back?

Both directions name the matrix and the range instead of letting swscale guess. swscale's fast
conversion to RGB truncates instead of rounding, which darkens coloured pixels by 1.3 levels on
average. The conversion used here has an error of .3 at most and takes 1 ms more for a frame of
720p. A caller that only looks for faces may use the fast one. (In the direction to YUV, rounding
would change .3 levels and take .7 ms; it is not used.)
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
# FFmpeg's matrix codes and those that swscale computes with; it has one for both kinds of BT.601.
MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
HIGH_DEFINITION = 720  # lines; if no matrix is named, BT.709 from here on, else BT.601


def matrix_of(colour: Colour, height: int) -> int:
    """Return the matrix to compute with; guessed from the height if the tags name none."""
    return MATRICES.get(colour.matrix, 1 if height >= HIGH_DEFINITION else 5)


class ToRgb:
    """Converts frames to RGB; keeps swscale's tables from frame to frame."""

    def __init__(self, colour: Colour, turn: int = 0, *, quick: bool = False) -> None:
        self.colour = colour
        self.turn = turn
        self.quick = quick
        self.scaler = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> Image:
        """Return one frame as an upright (h, w, 3) RGB picture."""
        image = self._grey(frame) if frame.format.name == "gray" else self._rgb(frame)
        return np.ascontiguousarray(np.rot90(image, self.turn)) if self.turn else image

    def _rgb(self, frame: VideoFrame) -> Image:
        # With rounding: first to planes, then interleaved. Directly to rgb24 takes twice as long.
        converted = self.scaler.reformat(
            frame,
            format="rgb24" if self.quick else "gbrp",
            src_colorspace=matrix_of(self.colour, frame.height),
            src_color_range=self.colour.range or ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=QUICK if self.quick else ROUNDED,
        )
        if self.quick:
            # The rows are padded if the width is no multiple of the processor's registers.
            return np.ascontiguousarray(converted.to_ndarray(), np.uint8)
        green, blue, red = (_pixels(plane) for plane in converted.planes)
        return np.asarray(cv2.merge([red, green, blue]), np.uint8)

    def _grey(self, frame: VideoFrame) -> Image:
        # Masks are stored in grey, in full range: their 16 and 235 are not black and white.
        return np.repeat(_pixels(frame.planes[0])[..., None], 3, axis=2)


class FromRgb:
    """Converts RGB pictures to frames in an encoder's pixel format."""

    def __init__(self, pixels: str, colour: Colour) -> None:
        self.pixels = pixels
        self.colour = colour
        self.scaler = VideoReformatter()

    def __call__(self, image: Image) -> VideoFrame:
        """Return a (h, w, 3) RGB or (h, w) grey picture as a frame."""
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
            # At other widths, swscale's threads write past their rows, over those of others.
            threads=1 if frame.width % 16 else 0,
        )


def _pixels(plane: VideoPlane) -> NDArray[np.uint8]:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]
