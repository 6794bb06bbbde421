"""How does any picture file become (h, w, 3) uint8 RGB, upright, and go back to a file?

Pillow reads every kind that people have (8 and 16 bit, grey, alpha, CMYK, palettes); what it
leaves open is settled here: the camera's turn is applied, colours are brought to sRGB,
transparency lies on black, 16-bit grey keeps its upper bits.
"""

import io
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image as pillow
from PIL import ImageCms, ImageOps, UnidentifiedImageError

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.errors import MediaError, unknown
from faceswap_ae.common.geometry import Image

READABLE = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif"}
# Fast PNG: level 6 costs five times the time for a tenth of the bytes.
WRITERS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG", "compress_level": 1},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 95},
}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def read(file: Path | IO[bytes], name: str = "") -> Image:
    """Read a picture as people see it. Raises MediaError naming the file."""
    path = name or file
    try:
        with warnings.catch_warnings(), _opened(file) as picture:
            upright = ImageOps.exif_transpose(picture)
            return np.array(_rgb(upright), np.uint8)
    except pillow.DecompressionBombError as error:
        raise MediaError(f"{path}: too many pixels ({error}); make it smaller first") from error
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file") from error
    except UnidentifiedImageError as error:
        raise MediaError(f"{path}: not a picture; is it empty or of another kind?") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise MediaError(
            f"{path}: broken picture ({error}); copy it again or leave it out"
        ) from error


def _opened(file: Path | IO[bytes]) -> pillow.Image:
    # A large scan is welcome; Pillow's error at twice this size, against bombs, stays.
    warnings.simplefilter("ignore", pillow.DecompressionBombWarning)
    return pillow.open(file)


def write(path: Path, image: Image) -> None:
    """Write (h, w, 3) RGB or (h, w) grey, whole or not at all; the suffix says the kind."""
    options = WRITERS.get(path.suffix.lower())
    if options is None:
        raise MediaError(f"{path}: {unknown('kind of picture', path.suffix, WRITERS)}")
    with replacing(path) as part:
        pillow.fromarray(image).save(part, **options)


def _rgb(image: pillow.Image) -> pillow.Image:
    if image.mode.startswith("I"):  # 16-bit grey; 32-bit modes hold 16-bit values too
        upper = np.clip(np.asarray(image, np.int64) >> 8, 0, 255).astype(np.uint8)
        return pillow.fromarray(upper).convert("RGB")
    if image.mode == "F":
        scaled = np.clip(np.nan_to_num(np.asarray(image)) * 255, 0, 255).round().astype(np.uint8)
        return pillow.fromarray(scaled).convert("RGB")
    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        ground = pillow.new("RGBA", image.size, (0, 0, 0, 255))
        image = pillow.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return _to_srgb(image, profile) if profile else image.convert("RGB")


def _to_srgb(image: pillow.Image, profile: bytes) -> pillow.Image:
    """Phones write Display P3, scanners CMYK: without their profile, skin comes out wrong."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, own, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # broken, or for another mode than the pixels'
        return image.convert("RGB")
    return converted if converted is not None else image.convert("RGB")
