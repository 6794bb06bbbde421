"""Which frames were scanned, which faces were found, and what happened to each face (the journal)?

`.journal.jsonl` is beside the faces of a folder. It has one JSON object per line. Rows are only
appended, and nobody edits them. There are three kinds of rows:

    frame    a scanned frame of a clip, with all faces found; no faces is a valid result too
    written  a face whose PNG was written
    skipped  faces that were found but not written, by reason; the last row about a face counts

The state of a face follows from these rows and from the PNGs in the folder. *used*: written, and
its PNG is there, whatever its file's name. *dropped*: written, but its PNG is gone. The user has
removed it, so it is never written again and never converted. *skipped*: not for training, but still
converted unless it is another person. A frame without a row was not scanned. If the journal is
lost, the clips are scanned again.

Clips are identified by their content (`fingerprint`), never by their path alone.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from faceswap_ae.common.atomic import explain_os_error, open_to_append
from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.limits import check_is_file, lines_of, parse_json
from faceswap_ae.faces.record import Face, face_from_json, face_to_json, landmarker_in

NAME = ".journal.jsonl"
PART = 2**20  # bytes hashed at the beginning, in the middle and at the end of a file


def fingerprint(path: Path) -> str:
    """Return a hash of a file's size and of three of its parts, as 16 hex digits."""
    check_is_file(path)
    try:
        size = path.stat().st_size
        found = hashlib.blake2b(str(size).encode(), digest_size=8)
        with path.open("rb") as file:
            for start in (0, size // 2, size - PART):
                file.seek(max(0, start))
                found.update(file.read(PART))
    except OSError as error:
        why = error.strerror or str(error)
        raise MediaError(f"{path}: cannot be read ({why}); is the name right?") from error
    return found.hexdigest()


class Journal:
    """The journal of one folder. Faces stay on the disk; ids and offsets of rows are in memory."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.written: set[str] = set()
        self.skipped: dict[str, str] = {}
        self.landmarkers: set[str] = set()  # who found the landmarks of its faces
        self._rows: dict[str, dict[int, int]] = defaultdict(dict)
        self._torn = False
        for offset, row in self._read():
            self._take(offset, row)

    @property
    def clips(self) -> list[str]:
        """Return the fingerprints of all clips with scanned frames."""
        return list(self._rows)

    def frames(self, clip: str) -> set[int]:
        """Return the numbers of a clip's scanned frames."""
        return set(self._rows[clip]) if clip in self._rows else set()

    def has(self, clip: str, frame: int) -> bool:
        """Return whether this frame was scanned."""
        return frame in self._rows.get(clip, ())

    def faces(self, clip: str, frame: int) -> list[Face]:
        """Return the faces that were found in a scanned frame."""
        with self.path.open("rb") as file:
            file.seek(self._rows[clip][frame])
            row = file.readline()
        try:
            told = JsonFields.parse(row)
            if told.whole("frame") != frame:
                raise ValueError(f"a row of frame {told.whole('frame')}")
            return [face_from_json(one) for one in told.objects("faces")]
        except ValueError:
            # The row is damaged, whatever the cause: the frame counts as not scanned.
            del self._rows[clip][frame]
            return []

    def all_faces(self, clips: Iterable[str]) -> Iterator[Face]:
        """Yield every face found in these clips, in the order of their frames."""
        for clip in clips:
            for frame in sorted(self.frames(clip)):
                yield from self.faces(clip, frame)

    def add_frame(self, clip: str, frame: int, faces: Iterable[Face]) -> None:
        """Record a scanned frame and the faces found in it."""
        self._append(
            {"row": "frame", "clip": clip, "frame": frame, "faces": [*map(face_to_json, faces)]}
        )

    def add_written(self, face: str) -> None:
        """Record that a face's PNG was written."""
        self._append({"row": "written", "id": face})

    def add_skipped(self, reasons: Mapping[str, str]) -> None:
        """Record the faces that were not written: `reasons` maps each id to its reason."""
        ids: dict[str, list[str]] = defaultdict(list)
        for face, reason in reasons.items():
            if self.skipped.get(face) != reason:
                ids[reason].append(face)
        if ids:
            self._append({"row": "skipped", "ids": ids})

    def _append(self, row: dict[str, Any]) -> None:
        line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open_to_append(self.path) as file:
                # If a kill left an incomplete line, this ends it, so that only that line is lost.
                if self._torn:
                    file.write(b"\n")
                self._torn = True
                file.write(line)
                file.flush()
                # Only now, because another process may write to the same journal.
                offset = file.tell() - len(line)
        except OSError as error:
            raise explain_os_error(error, self.path) from error
        self._torn = False
        self._take(offset, row)

    def _take(self, offset: int, row: dict[str, Any]) -> None:
        match row:
            case {"row": "frame", "clip": str(clip), "frame": int(frame), "faces": list(faces)}:
                self._rows[clip][frame] = offset
                self.landmarkers.update(map(landmarker_in, faces))
            case {"row": "written", "id": str(face)}:
                self.written.add(face)
                self.skipped.pop(face, None)
            case {"row": "skipped", "ids": dict(ids)}:
                for reason, names in ids.items():
                    if isinstance(names, list):
                        self.skipped |= dict.fromkeys(map(str, names), str(reason))

    def _read(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield each complete row with its offset in the file."""
        if not self.path.exists():
            return
        offset = 0
        for line in lines_of(self.path):
            row = _row(line)
            if row is not None:
                yield offset, row
            offset += len(line)
            self._torn = not line.endswith(b"\n")


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = parse_json(line)
    except ValueError:  # incomplete after a kill, or damaged by the disk
        return None
    return row if isinstance(row, dict) else None
