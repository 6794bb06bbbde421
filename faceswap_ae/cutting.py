"""How do chosen faces get out of their clip and into folders? The second pass over it."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from faceswap_ae import video
from faceswap_ae.clip import Clip
from faceswap_ae.face import Face
from faceswap_ae.faces import write
from faceswap_ae.geometry import Image
from faceswap_ae.journal import Journal, fingerprint
from faceswap_ae.span import Span

WORKERS = 2  # that cut and pack beside the decoder
WAITING = 8  # faces in their hands, each with its whole frame


@dataclass
class Shelf:
    """A folder that faces go into, its journal, and how many went in."""

    folder: Path
    journal: Journal
    crop: str
    size: int
    count: int = 0

    def put(self, image: Image, face: Face) -> None:
        """Write a face."""
        write(self.folder / f"{face.id}.png", image, face, self.crop, self.size)


Wanted = Mapping[int, Iterable[tuple[Shelf, str]]]  # by frame: face ids
Passing = tuple[Image, Mapping[str, Face]]  # a frame, and the faces found in it by id


def cut(clip: Clip, found: Journal, wanted: Wanted) -> Iterator[Passing]:
    """Write the faces wanted of a clip; each frame that is named passes by."""
    key = fingerprint(clip.path)
    span = Span(first=min(wanted), last=max(wanted))
    waiting: deque[tuple[Future[None], Shelf, str]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        # Damage was told at the first pass.
        for frame in video.frames(clip, span, keep_going=True):
            if frame.index not in wanted:
                continue
            faces = {face.id: face for face in found.faces(key, frame.index)}
            for shelf, face in wanted[frame.index]:
                waiting.append((pool.submit(shelf.put, frame.image, faces[face]), shelf, face))
            while len(waiting) > WAITING:
                _record(*waiting.popleft())
            yield frame.image, faces
        while waiting:
            _record(*waiting.popleft())


def _record(written: Future[None], shelf: Shelf, face: str) -> None:
    written.result()
    shelf.journal.add_written(face)
    shelf.count += 1
