"""How are faceswap's face PNGs and its alignments file read?

A face PNG shows a head, centred on the skull (`headcrop`). Its iTXt chunk `faceswap` holds a dict
as Python writes it, with the landmarks in the frame's pixels. An alignments file (.fsa) is a pickle
of the same facts by frame, compressed with zlib. It has no pixels: its faces are cut out of the
frames.
"""

import ast
import io
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import Image, Points, transform
from faceswap_ae.common.limits import FEW_FACES, LEAST_FACE
from faceswap_ae.extraction.importers.base import (
    Box,
    Candidate,
    ForeignFace,
    a_dict,
    content_id,
    contents,
    explaining_damage,
    file_name,
    frame_number,
    landmarks_of,
    numbers,
    picture,
    text,
)
from faceswap_ae.extraction.importers.headcrop import head_matrix, old_matrix
from faceswap_ae.extraction.importers.unpickle import LARGEST
from faceswap_ae.extraction.importers.unpickle import read as unpickle
from faceswap_ae.faces.folders.journal import fingerprint
from faceswap_ae.media import images, png, reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.span import Span

NAME = "faceswap"
LARGEST_PNG = 64_000_000  # bytes of one face's PNG
LONGEST = 2**19  # characters of a PNG's dict; one with a few masks has a tenth of that
DEEPEST = 20  # levels of brackets inside brackets
HEADS = 2.0  # the alignments version from which on PNGs show heads
DEFLATED = (b"x\x01", b"x^", b"x\x9c", b"x\xda")  # the first bytes of zlib data, for each level
# The tokens in a dict of plain values: those that open or separate values, then those that end one.
OPENING, ENDING = r"[\[({,:]", r"[\])}]"
VALUE = r"""None | True | False | -?\d+(?:\.\d*)?(?:e[+-]?\d+)?
    | b?'[^'\\]*(?:\\.[^'\\]*)*' | b?"[^"\\]*(?:\\.[^"\\]*)*" """
BEFORE_VALUE = re.compile(rf"\s*(?: ({OPENING}) | {ENDING} | {VALUE})", re.VERBOSE | re.DOTALL)
AFTER_VALUE = re.compile(rf"\s*(?: ([,:]) | {ENDING})", re.VERBOSE)


@dataclass(frozen=True, eq=False)
class Placed:
    """Where a face is in its frame, in pixels."""

    landmarks: Points
    box: Box | None


@dataclass(frozen=True, eq=False)
class Alignments:
    """The faces of a clip or of a folder of frames, by the frames' names."""

    path: Path
    frames: dict[str, list[Placed]]

    @property
    def clip(self) -> str:
        """The name of the clip without its suffix, if these are the faces of a clip."""
        return text(re.sub(r"_\d+$", "", Path(next(iter(self.frames))).stem))


def face(path: Path) -> Candidate | None:
    """Return the face in a PNG; None if the PNG holds no face data."""
    whole = contents(path, LARGEST_PNG)
    words = png.read_text(io.BytesIO(whole), NAME)
    if words is None:
        return None
    # The id leaves out the text chunk: masks and names may be added to it later.
    known_by = content_id(whole[whole.find(b"IDAT") :])
    return Candidate(str(path), path.stem, known_by, NAME, partial(_load, whole, words, str(path)))


def _load(whole: bytes, words: str, name: str) -> ForeignFace:
    with explaining_damage(name):
        told = evaluated(words)
        aligned, source = a_dict(told["alignments"]), a_dict(told.get("source", {}))
        landmarks = landmarks_of(aligned["landmarks_xy"])
    image = picture(whole, name)
    height, width = image.shape[:2]
    if height != width:
        raise MediaError(f"{name}: {width}x{height} is not as it was extracted; export it again")
    found = file_name(source.get("source_filename"))
    with explaining_damage(name):
        old = float(source.get("alignments_version", HEADS)) < HEADS
        matrix = (old_matrix if old else head_matrix)(landmarks, width)
        return ForeignFace(
            image=image,
            landmarks=transform(landmarks, matrix),
            source=found,
            frame=max(0, frame_number(found) - bool(source.get("source_is_video"))),
            matrix=matrix,
            box=_box(aligned),
        )


def evaluated(words: str) -> dict[str, Any]:
    """Parse a dict as Python writes it. Raises ValueError if it is something else or too long."""
    _check(words.rstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd escape sequences in names
            return a_dict(ast.literal_eval(words))
    except (SyntaxError, TypeError) as error:
        raise ValueError("cut off or changed by hand") from error


def _check(words: str) -> None:
    """Let only plain values reach Python's parser: long chains of operators crash it."""
    if len(words) > LONGEST:
        raise ValueError(f"{len(words)} characters")
    at = depth = 0
    expected = BEFORE_VALUE
    while at < len(words):
        token = expected.match(words, at)
        if token is None:
            raise ValueError(f"{words[at : at + 20]!a} is no plain value")
        last = token[0][-1]
        depth += (last in "([{") - (last in ")]}")
        if depth > DEEPEST:
            raise ValueError("brackets in brackets")
        expected = BEFORE_VALUE if token[1] else AFTER_VALUE
        at = token.end()


def _box(told: dict[str, Any]) -> Box | None:
    if any(told.get(side) is None for side in "xywh"):
        return None
    left, top, width, height = numbers([told[side] for side in "xywh"], (4,)).tolist()
    return left, top, left + width, top + height


def is_alignments(head: bytes) -> bool:
    """Is a file that begins with these bytes (about a kilobyte is enough) an alignments file?"""
    if not head.startswith(DEFLATED):
        return False
    try:
        return zlib.decompressobj().decompress(head, 1) == b"\x80"  # a pickle's first byte
    except zlib.error:
        return False


def alignments(path: Path) -> Alignments:
    """Read an alignments file."""
    unpacker = zlib.decompressobj()
    try:
        pickled = unpacker.decompress(contents(path, LARGEST), LARGEST)
    except zlib.error as error:
        raise MediaError(f"{path}: its face data is damaged ({error}); copy it again") from error
    if unpacker.unconsumed_tail:
        raise UserError(
            f"{path}: unpacks to more than {LARGEST >> 20} MiB; no face set has so much"
        )
    if not unpacker.eof:
        raise MediaError(f"{path}: is cut off; copy it again")
    with explaining_damage(str(path)):
        told = a_dict(unpickle(pickled, str(path)))
        by_frame = a_dict(told.get("__data__", told))
        # One list may stand for many in a pickle: what is said once would be taken for thousands.
        count = sum(len(a_dict(frame)["faces"]) for frame in by_frame.values())
        if count > FEW_FACES and count * LEAST_FACE > len(pickled):
            raise ValueError(f"{count} faces in {len(pickled)} bytes")
        frames = {
            name: [_placed(a_dict(face)) for face in a_dict(frame)["faces"]]
            for name, frame in by_frame.items()
        }
    frames = {name: placed for name, placed in frames.items() if placed}
    if not frames:
        raise MediaError(f"{path}: no faces in it")
    return Alignments(path, frames)


def _placed(told: dict[str, Any]) -> Placed:
    return Placed(landmarks_of(told["landmarks_xy"]), _box(told))


def pictures_of(aligned: Alignments, folder: Path) -> list[Path]:
    """Return the pictures of a folder that an alignments file names."""
    # Names are only compared: the text of a foreign file never becomes a path.
    return [path for path in sorted(folder.iterdir()) if path.name in aligned.frames]


def faces_of_pictures(aligned: Alignments, pictures: list[Path]) -> Iterator[Candidate]:
    """Yield the faces of a folder's pictures."""
    for path in pictures:
        number = frame_number(path.name)
        load = partial(images.read, path)
        place = _Place(path, fingerprint(path), path.stem, number, 0.0, load)
        yield from _faces(aligned.frames[path.name], place)


def faces_of_clip(aligned: Alignments, path: Path) -> Iterator[Candidate]:
    """Yield the faces of a clip, in the order of its frames."""
    # faceswap counts frames from 1.
    names = {max(0, frame_number(name) - 1): name for name in aligned.frames}
    clip = fingerprint(path)
    for frame in reader.frames(open_clip(path), Span(first=min(names), last=max(names))):
        name = names.pop(frame.index, None)
        if name is not None:
            stem = f"{path.stem}-{frame.index:06d}"
            load = partial(_same, frame.image)
            place = _Place(path, clip, stem, frame.index, float(frame.time), load)
            yield from _faces(aligned.frames[name], place)
    if names:
        lost = f"{len(names)} frames that {aligned.path.name} speaks of are not in it"
        raise MediaError(f"{path}: {lost}; is it another clip?")


@dataclass(frozen=True)
class _Place:
    """A frame whose image can be loaded."""

    path: Path
    clip: str  # its fingerprint
    stem: str
    number: int
    time: float
    image: Callable[[], Image]


def _faces(placed: list[Placed], place: _Place) -> Iterator[Candidate]:
    for count, one in enumerate(placed):
        name, stem = f"{place.path}, frame {place.number}", f"{place.stem}-{count}"
        where = one.landmarks.round().astype("<i4").tobytes()
        known_by = content_id(place.clip.encode(), str(place.number).encode(), where)
        yield Candidate(name, stem, known_by, NAME, partial(_cut, one, place))


def _cut(one: Placed, place: _Place) -> ForeignFace:
    return ForeignFace(
        image=place.image(),
        landmarks=one.landmarks,
        source=place.path.name,
        clip=place.clip,
        frame=place.number,
        time=place.time,
        box=one.box,
        is_frame=True,
    )


def _same(image: Image) -> Image:
    return image
