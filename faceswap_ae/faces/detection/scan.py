"""Which faces does a clip show (detection, landmarks, descriptors, tracks)?

This scan is the first of two passes, both in extraction and in conversion. It looks at each frame
that is not in the journal yet. Faces, landmarks, descriptor, quality and track go into the journal,
frame by frame. The scan selects no faces and writes no pictures.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from faceswap_ae.common.errors import MediaError, UserError, unknown
from faceswap_ae.common.geometry import Image, Matrix, Points, scale_of, transform, warp
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.detection.detections import CloseUp, Detection, covered, touch
from faceswap_ae.faces.detection.detectors import (
    DETECTORS,
    TURNS,
    Detector,
    blaze,
    cnn,
    together,
    with_turns,
)
from faceswap_ae.faces.detection.dlib_close_up import dlib_close_up
from faceswap_ae.faces.detection.mesh_close_up import mesh_close_up
from faceswap_ae.faces.detection.recogniser import describe
from faceswap_ae.faces.detection.tracker import Tracker
from faceswap_ae.faces.detection.video_detector import (
    Finder,
    dlib_follower,
    every_frame,
    mesh_follower,
)
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.faces.head_pose import HeadPose, head_pose
from faceswap_ae.faces.mesh import mesh_pose
from faceswap_ae.faces.quality import measure_quality
from faceswap_ae.faces.record import LANDMARKERS, MESH, Descriptor, Face
from faceswap_ae.media import reader
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.inputs import safe_stem
from faceswap_ae.media.reader import Frame
from faceswap_ae.media.scene_cuts import CutDetector
from faceswap_ae.media.span import WHOLE, Span

PIECE = 32  # greatest number of frames between searches of the whole picture
PIECE_BYTES = 200_000_000  # memory for the frames of a piece
DESCRIBED = 4  # a descriptor costs as much as a mesh, and hardly changes from frame to frame
MEASURED = 256  # pixels a side of the crop on which quality is measured


@dataclass(frozen=True)
class ScanOptions:
    """Options of the scan: which networks, which frames, and what to do about damage."""

    detector: str = "auto"
    landmarks: str | None = None  # who finds them; None: who found those that are there, or mesh
    turns: bool = True  # try rotated pictures if no face is found
    every: int = 1  # step between scanned frames; 1: every frame
    keep_going: bool = False  # continue after damage in the file
    described: int = DESCRIBED  # step between frames in which a followed face is described anew
    small: bool = False  # look for faces down to 24 pixels; with the detector auto, in videos

    def __post_init__(self) -> None:
        known = ("auto", *DETECTORS)
        if self.detector not in known:
            raise UserError(unknown("detector", self.detector, known))
        if self.landmarks not in (None, *LANDMARKERS):
            raise UserError(unknown("kind of landmarks", str(self.landmarks), LANDMARKERS))

    @property
    def landmarker(self) -> str:
        """Return who finds the landmarks."""
        return self.landmarks or MESH


@dataclass
class Detectors:
    """The detectors, loaded at their first use and kept from clip to clip."""

    options: ScanOptions = ScanOptions()
    _finders: dict[bool, Finder] = field(default_factory=dict)

    def finder(self, *, picture: bool) -> Finder:
        """Return the finder for single pictures, or for the frames of a video."""
        if picture not in self._finders:
            self._finders[picture] = _finder(self.options, picture)
        return self._finders[picture]


def scan(clip: Clip, journal: Journal, detectors: Detectors, span: Span = WHOLE) -> Iterator[int]:
    """Scan the frames of a clip that are not in the journal; yield the number of each frame."""
    key, options = fingerprint(clip.path), detectors.options
    known = journal.frames(key)
    tracker = Tracker(_next_track(journal, key, known))
    together = options.every == 1 and not clip.pictures  # consecutive frames show the same people
    described = options.described if together else 1
    recorder = _FaceRecorder(clip, key, tracker, options.every, described)
    shown = reader.frames(
        clip, _unknown(span, known, options.every), keep_going=options.keep_going, quick=True
    )
    for piece in _pieces(shown, known, options.every):
        before = piece.frames[0].index - options.every
        if not piece.cut and before in known:
            recorder.tracker.recall(before // options.every, journal.faces(key, before))
        finder = detectors.finder(picture=bool(clip.pictures))
        found = finder([frame.image for frame in piece.frames], piece.gap)
        for frame, faces in zip(piece.frames, recorder.faces(piece, found), strict=True):
            journal.add_frame(key, frame.index, faces)
            yield frame.index


def count_unscanned(clip: Clip, journal: Journal, span: Span, options: ScanOptions) -> int:
    """Estimate the number of frames that `scan` will look at."""
    last = span.last if span.last is not None else clip.count
    known = sum(span.first <= frame <= last for frame in journal.frames(fingerprint(clip.path)))
    return max(0, -(-span.count(clip.rate, clip.count) // options.every) - known)


def face_name(clip: Clip, key: str, frame: int, number: int) -> str:
    """Return the id of a face: file name, fingerprint, frame, and its number in the frame."""
    stem = safe_stem(clip.path.stem)
    at = "" if clip.pictures else f"-{frame:06d}"
    return f"{stem}-{key[:6]}{at}" + (f"-{number}" if number else "")


@dataclass(frozen=True, eq=False)
class _Piece:
    """Consecutive frames of one scene."""

    frames: list[Frame]
    gap: bool  # they do not continue the frames that were scanned before
    cut: bool  # a scene begins with the first of them


@dataclass
class _FaceRecorder:
    """Turns detections into faces with all their data."""

    clip: Clip
    key: str
    tracker: Tracker
    every: int
    described: int

    def faces(self, piece: _Piece, found: Sequence[Sequence[Detection]]) -> Iterator[list[Face]]:
        """Yield the faces of each frame of a piece."""
        frames = piece.frames
        described = self._described(frames, found)
        for place, (frame, sights) in enumerate(zip(frames, found, strict=True)):
            own = described[place]
            squares = [sight.square for sight in sights]
            cut = piece.cut and place == 0
            tracks = self.tracker.assign(frame.index // self.every, squares, own, cut)
            yield [
                self._face(frame, number, *facts)
                for number, facts in enumerate(zip(sights, own, tracks, strict=True))
            ]

    def _described(
        self, frames: Sequence[Frame], found: Sequence[Sequence[Detection]]
    ) -> list[list[Descriptor]]:
        """Return the descriptors of all faces; between two of its own, a face keeps its last."""
        seen: list[tuple[Image, Points]] = []
        places: list[list[int]] = []
        for number, (frame, sights) in enumerate(zip(frames, found, strict=True)):
            own = []
            for sight in sights:
                kept = self._kept(sight, found[number - 1]) if number % self.described else None
                if kept is None:
                    own.append(len(seen))
                    seen.append((frame.image, sight.landmarks))
                else:
                    own.append(places[number - 1][kept])
            places.append(own)
        descriptors = describe(seen)
        return [[descriptors[place] for place in own] for own in places]

    def _kept(self, sight: Detection, before: Sequence[Detection]) -> int | None:
        """Return which face of the frame before this is, if it can be no other."""
        same = [n for n, other in enumerate(before) if touch(other.square, sight.square)]
        one = same[0] if len(same) == 1 else None
        return one if one is not None and covered(sight.square, [before[one].square]) else None

    def _face(
        self, frame: Frame, number: int, sight: Detection, descriptor: Descriptor, track: int
    ) -> Face:
        landmarks = sight.landmarks
        crop, matrix = _aligned(frame.image, sight)
        quality = measure_quality(crop, transform(landmarks, matrix), scale_of(matrix))
        facing = self._pose(sight)
        return Face(
            id=face_name(self.clip, self.key, frame.index, number),
            source=self.clip.path.name,
            clip=self.key,
            frame=frame.index,
            time=float(frame.time),
            box=sight.spot.square.box,
            landmarks=landmarks,
            mesh=sight.mesh,
            detector=sight.spot.detector,
            score=sight.spot.score,
            descriptor=descriptor,
            sharpness=quality.sharpness,
            brightness=quality.brightness,
            occlusion=quality.occlusion,
            pose=(facing.yaw, facing.pitch, facing.roll),
            track=track,
            doubtful=sight.doubtful,
        )

    def _pose(self, sight: Detection) -> HeadPose:
        if sight.mesh is not None:
            return mesh_pose(sight.mesh)
        return head_pose(sight.landmarks, (self.clip.width, self.clip.height))


def _finder(options: ScanOptions, picture: bool) -> Finder:
    if options.detector == "auto" and not picture:
        if options.landmarker == MESH:
            return mesh_follower(turns=options.turns, small=options.small)
        return dlib_follower(turns=options.turns)
    detector = _thorough(options) if options.detector == "auto" else DETECTORS[options.detector]()
    tried = with_turns(detector, TURNS if options.turns else ())
    return every_frame(tried, close_up_of(options.landmarker, turns=options.turns))


def _thorough(options: ScanOptions) -> Detector:
    """Return the detector for single pictures, where nothing is followed."""
    return together(blaze(), cnn()) if options.landmarker == MESH else cnn()


def close_up_of(landmarks: str, *, turns: bool) -> CloseUp:
    """Load the networks that find landmarks of one kind at a known place."""
    return (mesh_close_up if landmarks == MESH else dlib_close_up)(turns=turns)


def _pieces(shown: Iterable[Frame], known: set[int], every: int) -> Iterator[_Piece]:
    """Yield the frames to scan in short pieces; raise an error of the file after the last piece."""
    cuts, piece, begun, damage = CutDetector(), list[Frame](), (True, True), None
    before, looked = -every, -2 * every  # the last frame that was read, and the last one to scan
    try:
        for frame in shown:
            if frame.index % every:
                continue
            cut = cuts(frame.image) or frame.index - before > every
            gap, before = cut or frame.index - looked > every, frame.index
            if piece and (gap or _full(piece)):
                yield _Piece(piece, *begun)
                piece, begun = [], (False, False)
            if frame.index in known:
                continue
            begun, looked = begun if piece else (gap, cut), frame.index
            piece.append(frame)
    except MediaError as error:
        damage = error
    if piece:
        yield _Piece(piece, *begun)
    if damage is not None:
        raise damage


def _full(piece: Sequence[Frame]) -> bool:
    return len(piece) >= min(PIECE, max(1, PIECE_BYTES // piece[0].image.nbytes))


def _unknown(span: Span, known: set[int], every: int) -> Span:
    """Return the span from its first unscanned frame on."""
    first = -(-span.first // every) * every
    while span.start == 0 and first in known:
        first += every
    # It also includes the scanned frame before: a cut is detected between two frames.
    return Span(span.start, span.end, max(first - every, span.first), span.last)


def _next_track(journal: Journal, key: str, known: set[int]) -> int:
    tracks = [face.track for frame in known for face in journal.faces(key, frame)]
    return max(tracks, default=-1) + 1


def _aligned(image: Image, sight: Detection) -> tuple[Image, Matrix]:
    matrix = matrix_of(sight.landmarks, "whole", MEASURED)
    return warp(image, matrix, (MEASURED, MEASURED)), matrix
