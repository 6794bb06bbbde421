from pathlib import Path

import cv2
import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames
from faceswap_ae.media.scene_cuts import CutDetector


def told(images: list[Image]) -> list[int]:
    """The numbers of the images at which a scene begins."""
    cuts = CutDetector()
    return [number for number, image in enumerate(images) if cuts(image)]


def test_the_cut_of_a_film(solo: Path) -> None:
    images = [frame.image for frame in frames(open_clip(solo / "clip.mp4"))]
    assert told(images) == [0, 7]


def place(seed: int, blocks: tuple[int, int] = (9, 16), size: int = 40) -> Image:
    """A random place, made of large soft blocks."""
    coarse = np.random.default_rng(seed).integers(0, 256, (*blocks, 3), np.uint8)
    wide = cv2.resize(coarse, (blocks[1] * size, blocks[0] * size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide, np.uint8)


def test_a_flash_and_a_pan_are_no_cuts() -> None:
    wide = place(0, (9, 40))
    pan = [np.ascontiguousarray(wide[:, 8 * step : 8 * step + 640]) for step in range(12)]
    assert told(pan) == [0]
    dim = wide[:, :640].astype(int) // 2
    flash = [(dim + light).astype(np.uint8) for light in (0, 0, 110, 0)]
    assert told(flash) == [0]


def test_another_place_is_a_cut_each_time() -> None:
    assert told([place(1)] * 5 + [place(2)] + [place(3)] * 3) == [0, 5, 6]
