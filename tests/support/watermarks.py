"""What do tests mark, and what do strangers do to it (encode, scale, cut)?"""

import io
from collections.abc import Callable, Mapping, Sequence

import av
import cv2
import numpy as np
from PIL import Image as pillow

from faceswap_ae.common.geometry import Image
from faceswap_ae.marks.payload import Payload, output_digest

PAYLOAD = Payload("swap", output_digest("a test"))
Damage = Callable[[Sequence[Image]], list[Image]]


def psnr(one: Image, other: Image) -> float:
    """Return how alike two pictures are, in decibels."""
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def encoded(pictures: Sequence[Image], crf: int) -> list[Image]:
    """Encode pictures as H.264, and decode them again."""
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            whole = np.ascontiguousarray(picture[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(whole, format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as source:
        return [
            np.asarray(one.to_ndarray(format="rgb24"), np.uint8) for one in source.decode(video=0)
        ]


def scaled(pictures: Sequence[Image], across: float, down: float | None = None) -> list[Image]:
    """Return pictures of another size."""
    height, width = pictures[0].shape[:2]
    size = round(width * across), round(height * (down or across))
    return [
        np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA), np.uint8)
        for one in pictures
    ]


def cut(pictures: Sequence[Image], share: float) -> list[Image]:
    """Return a part of each picture, with this share of its height and width."""
    height, width = pictures[0].shape[:2]
    top, left = int(height * (1 - share) * 0.37), int(width * (1 - share) * 0.61)
    down, across = int(height * share), int(width * share)
    return [one[top : top + down, left : left + across] for one in pictures]


def with_palette(pictures: Sequence[Image]) -> list[Image]:
    """Return pictures of 256 colours, as a GIF has them."""
    palettes = [pillow.fromarray(one).quantize(256) for one in pictures]
    return [np.asarray(one.convert("RGB")) for one in palettes]


def relit(pictures: Sequence[Image]) -> list[Image]:
    """Return pictures with the contrast that phones give them."""
    levels = np.clip((np.arange(256) / 255) ** 0.85 * 1.08 - 0.02, 0, 1) * 255
    return [levels.astype(np.uint8)[one] for one in pictures]


def as_jpeg(pictures: Sequence[Image], quality: int = 80) -> list[Image]:
    """Return pictures that were JPEGs."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    files = [cv2.imencode(".jpg", one, options)[1] for one in pictures]
    return [np.asarray(cv2.imdecode(file, cv2.IMREAD_UNCHANGED), np.uint8) for file in files]


DAMAGES: Mapping[str, Damage] = {
    "none": list,
    "crf 18": lambda given: encoded(given, 18),
    "crf 23": lambda given: encoded(given, 23),
    "crf 28": lambda given: encoded(given, 28),
    "half size, crf 23": lambda given: encoded(scaled(given, 0.5), 23),
    "cut to 70 %, crf 23": lambda given: encoded(cut(given, 0.7), 23),
    "GIF": with_palette,
    "gamma, crf 23": lambda given: encoded(relit(given), 23),
    "JPEG": as_jpeg,
    "double size, crf 23": lambda given: encoded(scaled(given, 2), 23),
    "mirrored, crf 23": lambda given: encoded([one[:, ::-1] for one in given], 23),
    "stretched, crf 20": lambda given: encoded(scaled(given, 0.9, 1.1), 20),
}
