"""How do chosen faces get out of their clip and into folders? The second pass over it."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from faceswap_ae import video
from faceswap_ae.clip import Clip
from faceswap_ae.errors import MediaError
from faceswap_ae.face import Face
from faceswap_ae.geometry import Image
from faceswap_ae.journal import Journal, fingerprint
from faceswap_ae.shelf import Shelf
from faceswap_ae.span import Span

WORKERS = 2  # that cut and pack beside the decoder
WAITING = 8  # faces in their hands, each with its whole frame


@dataclass(frozen=True)
class Cut:
    """How faces are cut out."""

    crop: str
    size: int
    keep_going: bool  # past damage, as when they were found


Wanted = Mapping[int, Iterable[tuple[Shelf, str]]]  # by frame: face ids
Passing = tuple[Image, Mapping[str, Face]]  # a frame, and the faces found in it by id


def cut(clip: Clip, found: Journal, wanted: Wanted, how: Cut) -> Iterator[Passing]:
    """Write the faces wanted of a clip; each frame that is named passes by."""
    key = fingerprint(clip.path)
    span = Span(first=min(wanted), last=max(wanted))
    waiting: deque[tuple[Future[None], Shelf, str]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        # Damage was told when they were found, and nothing that lies behind it is wanted.
        with suppress(MediaError):
            for frame in video.frames(clip, span, keep_going=how.keep_going):
                if frame.index not in wanted:
                    continue
                faces = {face.id: face for face in found.faces(key, frame.index)}
                for shelf, name in wanted[frame.index]:
                    made = pool.submit(shelf.put, frame.image, faces[name], how.crop, how.size)
                    waiting.append((made, shelf, name))
                while len(waiting) > WAITING:
                    _record(*waiting.popleft())
                yield frame.image, faces
        while waiting:
            _record(*waiting.popleft())


def _record(written: Future[None], shelf: Shelf, face: str) -> None:
    written.result()
    shelf.journal.add_written(face)
    shelf.count += 1
