"""How does a photo become a clip in which it moves as a performer does (reenactment)?

The performer is found in the driving clip as in a conversion, and followed. Each frame of the
driving clip becomes a frame of the photo, with its time and its sound. While no face is seen, the
photo stays as it was.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from faceswap_ae.common.atomic import check_is_no_input, replacing
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Floats, Image, Points
from faceswap_ae.common.progress import Progress, no_progress
from faceswap_ae.conversion.assignment import NO_FACE, RunRole, SwapRequest, assign_faces
from faceswap_ae.conversion.report import (
    ConvertedClip,
    FaceRow,
    FrameRow,
    count_up,
    report_of,
    rows_of,
    write_clip_report,
)
from faceswap_ae.conversion.trajectories import TrackRow, place_faces
from faceswap_ae.faces.detection.detections import Detection
from faceswap_ae.faces.detection.recogniser import describe
from faceswap_ae.faces.detection.references import known_from_photos
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions
from faceswap_ae.faces.detection.scan_cache import scan_clip
from faceswap_ae.faces.identities import LIKE, KnownPerson
from faceswap_ae.marks.seal import Deed, MarkOptions, check_marks, make_seal
from faceswap_ae.media import images, provenance, reader
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.codecs import H264, Encoding
from faceswap_ae.media.ownership import check_may_replace
from faceswap_ae.media.resumable_writer import ResumableWriter, resumable
from faceswap_ae.media.segments import OutputSpec
from faceswap_ae.media.span import WHOLE
from faceswap_ae.reenactment.portrait import Portrait, portrait, portrait_meshes
from faceswap_ae.version import VERSION

REVISION = 3  # goes up when the same photo and clip give other pictures
LEAST_SIDE = 64  # pixels of a photo

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReenactOptions:
    """How a photo is moved."""

    side: int = 720  # pixels: a larger photo is made smaller
    like: tuple[Path, ...] = ()  # photos of whom of several people moves; else the largest face
    scan: ScanOptions = field(default_factory=ScanOptions)
    encoding: Encoding = H264
    marks: MarkOptions = field(default_factory=MarkOptions)
    overwrite: bool = False  # a file at the output's place that is none of ours


@dataclass(frozen=True, eq=False)
class _Performance:
    """One shot of the performer, and the photo's meshes in it."""

    row: TrackRow
    wanted: Floats  # (m, 478, 3) in the photo's pixels


def reenact(
    photo: Path, driver: Path, out: Path, options: ReenactOptions, progress: Progress = no_progress
) -> ConvertedClip:
    """Write a clip of the photo that moves as the driver does. Stopped, it goes on there."""
    clip, report = open_clip(driver), report_of(out)
    if clip.pictures:
        raise UserError(f"{driver}: is a photo; name a clip of whoever moves it")
    check_is_no_input(out, [photo, driver])
    for place in (out, report):
        check_may_replace(place, overwrite=options.overwrite)
    check_marks(options.marks, out, overwrite=options.overwrite)
    detectors = Detectors(options.scan)
    own = _portrait(photo, options, detectors)
    shots = _performances(clip, own, detectors, progress)
    story = f"the photo {photo.name}, moved as {driver.name} is"
    tags = provenance.make_marks(datetime.now(UTC), story)
    job = {**_job(own, clip, shots), "watermark": options.marks.revision}
    seal = make_seal(options.marks, Deed("reenact", tags, job, clip.path))
    height, width = own.photo.shape[:2]
    spec = OutputSpec(
        out,
        replace(clip, width=width, height=height),
        replace(options.encoding, repeatable=True),
        clip,
        WHOLE,
        seal.tags,
        seal=seal,
    )
    with replacing(report) as place, resumable(spec, job) as writer:
        _write(clip, own, shots, writer, progress)
        done = count_up(clip.path, [out], rows_of(writer))
        write_clip_report(place, {**seal.tags, **done.to_json(), "job": job}, rows_of(writer))
    return done


def _portrait(photo: Path, options: ReenactOptions, detectors: Detectors) -> Portrait:
    """Find the face of a photo that moves, which must not be too large for a video."""
    image = images.read(photo)
    if min(image.shape[:2]) < LEAST_SIDE:
        size = f"{image.shape[1]}x{image.shape[0]}"
        raise UserError(f"{photo}: is {size}; a photo needs {LEAST_SIDE} pixels a side")
    image = _even(image, options.side)
    found = [
        one for one in detectors.finder(picture=True)([image], True)[0] if one.mesh is not None
    ]
    if not found:
        raise UserError(f"{photo}: no face found in it; take a clear photo of one person, upright")
    known = known_from_photos(options.like, detectors)
    if known is not None:
        chosen = _alike(photo, image, found, known)
    else:
        chosen = max(found, key=lambda one: one.square.side)
        if len(found) > 1:
            told = "%s: shows %d faces; the largest one moves, or name a photo with --like"
            log.warning(told, photo, len(found))
    assert chosen.mesh is not None
    return portrait(image, chosen.mesh)


def _alike(photo: Path, image: Image, found: Sequence[Detection], known: KnownPerson) -> Detection:
    """Return the face of the known person. Raises UserError if it is none of them."""
    descriptors = describe([(image, one.landmarks) for one in found])
    apart = [known.distance(one) for one in descriptors]
    nearest = int(np.argmin(apart))
    if apart[nearest] > LIKE:
        raise UserError(f"{photo}: nobody there is like the photos given; name others with --like")
    return found[nearest]


def _even(image: Image, side: int) -> Image:
    """Return a picture whose shorter side is at most `side`, with even sides, as videos need."""
    scale = min(1.0, side / min(image.shape[:2]))
    height, width = (max(2, round(length * scale / 2) * 2) for length in image.shape[:2])
    if (height, width) == image.shape[:2]:
        return image
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=way), np.uint8)


def _performances(
    clip: Clip, own: Portrait, detectors: Detectors, progress: Progress
) -> list[_Performance]:
    """Whoever is seen most in the clip, shot by shot."""
    found = scan_clip(clip, WHOLE, detectors, [], progress)
    anyone = [RunRole("the performer", None, anyone=True)]
    try:
        roles = assign_faces(found.faces(WHOLE), anyone, SwapRequest(), detectors).roles
    except UserError as error:
        raise UserError(f"{clip.path}: {error}") from error
    where = place_faces(found.faces(WHOLE), roles, meshes=True)
    shots = [
        _Performance(row, portrait_meshes(own, row.meshes))
        for row in where.rows
        if row.meshes is not None
    ]
    return sorted(shots, key=lambda shot: shot.row.first)


def _job(own: Portrait, clip: Clip, shots: list[_Performance]) -> dict[str, Any]:
    """All that the frames of an output depend on."""
    mark = blake2b(own.photo.tobytes(), digest_size=16)
    for shot in shots:
        mark.update(shot.wanted.tobytes())
    return {"version": [VERSION, REVISION], "clip": clip.path.name, "moved": mark.hexdigest()}


def _write(
    clip: Clip,
    own: Portrait,
    shots: list[_Performance],
    writer: ResumableWriter,
    progress: Progress,
) -> None:
    left = clip.count - writer.done
    with progress(f"move {clip.path.name}", left) as advance:
        for number, (image, frame, row) in enumerate(_moved(clip, own, shots, writer.done), 1):
            writer.write(image, frame.time, frame.duration, row.to_json())
            advance(number)


def _moved(
    clip: Clip, own: Portrait, shots: list[_Performance], done: int
) -> Iterator[tuple[Image, reader.Frame, FrameRow]]:
    """Each frame of the photo, those that are written already apart."""
    for place, frame in enumerate(reader.frames(clip)):
        if place < done:
            continue
        image, told = own.photo, FaceRow(-1, left=NO_FACE)
        shot = next((one for one in shots if frame.index in one.row.frames), None)
        if shot is not None:
            at = frame.index - shot.row.first
            image = own.moved(_one(shot.wanted, at), frame.image, _one(shot.row.meshes, at))
            told = FaceRow(shot.row.track, swapped="the photo")
        yield image, frame, FrameRow(frame.index, round(float(frame.time), 4), (told,))


def _one(meshes: Floats | None, at: int) -> Points:
    assert meshes is not None
    return np.asarray(meshes[at], np.float64)
