"""How are picture files read (as (h, w, 3) uint8 RGB, upright, in sRGB) and written?

Pillow reads every kind that people have (8 and 16 bit, grey, alpha, CMYK, palettes). This module
decides what Pillow leaves open: the camera's rotation is applied, colours are converted to sRGB,
transparent pixels are put on black, 16-bit grey keeps its upper bits.
"""

import io
import struct
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image as pillow
from PIL import ImageCms, ImageOps, UnidentifiedImageError

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.errors import MediaError, UserError, unknown
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.limits import check_is_file, check_pixels
from faceswap_ae.version import TOOL

READABLE = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif"}
# Fast PNG: level 6 takes five times as long to save a tenth of the bytes.
WRITERS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG", "compress_level": 1},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 95},
}
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError)  # that Pillow raises
SOFTWARE = 0x0131  # EXIF's tag for the tool that wrote a picture
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def read(file: Path | IO[bytes], name: str = "") -> Image:
    """Return a picture as people see it; raises MediaError with the file's name."""
    path = name or file
    try:
        with warnings.catch_warnings(), _opened(file, name) as picture:
            upright = ImageOps.exif_transpose(picture)
            return np.array(_rgb(upright), np.uint8)
    except pillow.DecompressionBombError as error:
        raise MediaError(f"{path}: too many pixels ({error}); make it smaller first") from error
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file") from error
    except UnidentifiedImageError as error:
        raise MediaError(f"{path}: not a picture; is it empty or of another kind?") from error
    except MemoryError as error:  # of a part that claims to be far longer than the file
        raise MediaError(f"{path}: broken picture, or too large for the memory") from error
    except UNREADABLE as error:
        raise MediaError(
            f"{path}: broken picture ({error}); copy it again or leave it out"
        ) from error


def _opened(file: Path | IO[bytes], name: str) -> pillow.Image:
    # A large scan is allowed: only Pillow's warning is off. Our own bound is below its error.
    warnings.simplefilter("ignore", pillow.DecompressionBombWarning)
    if isinstance(file, Path):
        check_is_file(file)
    picture = pillow.open(file)
    check_pixels(name or file, *picture.size)
    return picture


def write(path: Path, image: Image) -> None:
    """Write (h, w, 3) RGB or (h, w) grey atomically; the suffix selects the format."""
    options = WRITERS.get(path.suffix.lower())
    if options is None:
        raise MediaError(f"{path}: {unknown('kind of picture', path.suffix, WRITERS)}")
    exif = pillow.Exif()
    exif[SOFTWARE] = TOOL
    with replacing(path) as part:
        pillow.fromarray(image).save(part, exif=exif, **options)


def read_software(path: Path) -> str:
    """Return the tool that wrote a picture, as the picture says; empty if it does not."""
    try:
        with warnings.catch_warnings(), _opened(path, "") as picture:
            return str(picture.getexif().get(SOFTWARE, ""))
    except (*UNREADABLE, UserError, pillow.DecompressionBombError, struct.error):
        return ""


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
    """Convert a picture from its own colour profile to sRGB.

    Phones write Display P3, scanners write CMYK: without the profile, skin gets wrong colours.
    """
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, own, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # a broken profile, or one for another mode
        return image.convert("RGB")
    return converted if converted is not None else image.convert("RGB")
