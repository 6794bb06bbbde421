"""What has been looked at, what was found there, and what became of it?

`.journal.jsonl` lies beside the faces of a folder: one JSON object a line, only ever appended to,
edited by nobody. Rows are of three kinds:

    frame    a frame of a clip that was looked at, with all faces found, none being an answer too
    written  a face whose PNG was written
    skipped  faces that were found but not written, by reason; the last word on a face counts

From these and from the PNGs that are there follows each face's fate: *used* (written and there,
whatever its file's name), *dropped* (written and gone: the user said no, so it is never written
again and never converted), *skipped* (not for training, still converted unless it is somebody
else). A frame without a row was not looked at. A lost journal only means looking again.

Clips are known by what is in them (`fingerprint`), never by their path alone.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from faceswap_ae.common.atomic import explain_os_error
from faceswap_ae.common.errors import MediaError
from faceswap_ae.faces.record import Face, face_from_json, face_to_json

NAME = ".journal.jsonl"
PART = 2**20  # bytes hashed at the beginning, in the middle and at the end of a file


def fingerprint(path: Path) -> str:
    """What a file is known by: its size and three of its parts, as 16 hex digits."""
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
    """The journal of one folder. Faces stay on the disk; where each frame's row begins is kept."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.written: set[str] = set()
        self.skipped: dict[str, str] = {}
        self._rows: dict[str, dict[int, int]] = defaultdict(dict)
        self._torn = False
        for offset, row in self._read():
            self._take(offset, row)

    @property
    def clips(self) -> list[str]:
        """The fingerprints of all clips that were looked into."""
        return list(self._rows)

    def frames(self, clip: str) -> set[int]:
        """The numbers of the frames of a clip that were looked at."""
        return set(self._rows[clip]) if clip in self._rows else set()

    def has(self, clip: str, frame: int) -> bool:
        """Was this frame looked at?"""
        return frame in self._rows.get(clip, ())

    def faces(self, clip: str, frame: int) -> list[Face]:
        """What was found in a frame that was looked at."""
        with self.path.open("rb") as file:
            file.seek(self._rows[clip][frame])
            row = file.readline()
        try:
            told = json.loads(row)
            if told["frame"] != frame:
                raise ValueError(f"a row of frame {told['frame']}")
            return [face_from_json(one) for one in told["faces"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            # Whoever wrote that: the frame counts as not looked at.
            del self._rows[clip][frame]
            return []

    def all_faces(self, clips: Iterable[str]) -> Iterator[Face]:
        """Every face found in these clips, in the order of their frames, one at a time."""
        for clip in clips:
            for frame in sorted(self.frames(clip)):
                yield from self.faces(clip, frame)

    def add_frame(self, clip: str, frame: int, faces: Iterable[Face]) -> None:
        """A frame was looked at."""
        self._append(
            {"row": "frame", "clip": clip, "frame": frame, "faces": [*map(face_to_json, faces)]}
        )

    def add_written(self, face: str) -> None:
        """A face's PNG lies on the disk."""
        self._append({"row": "written", "id": face})

    def add_skipped(self, reasons: Mapping[str, str]) -> None:
        """Faces, by id, and why each was not written."""
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
            with self.path.open("ab") as file:
                # What a kill left of a line is closed, so that it spoils itself only.
                if self._torn:
                    file.write(b"\n")
                self._torn = True
                file.write(line)
                file.flush()
                # Only now: somebody else may write to the same journal.
                offset = file.tell() - len(line)
        except OSError as error:
            raise explain_os_error(error, self.path) from error
        self._torn = False
        self._take(offset, row)

    def _take(self, offset: int, row: dict[str, Any]) -> None:
        match row:
            case {"row": "frame", "clip": str(clip), "frame": int(frame), "faces": list()}:
                self._rows[clip][frame] = offset
            case {"row": "written", "id": str(face)}:
                self.written.add(face)
                self.skipped.pop(face, None)
            case {"row": "skipped", "ids": dict(ids)}:
                for reason, faces in ids.items():
                    if isinstance(faces, list):
                        self.skipped |= dict.fromkeys(map(str, faces), str(reason))

    def _read(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every whole row and where it begins."""
        if not self.path.exists():
            return
        offset = 0
        with self.path.open("rb") as file:
            for line in file:
                row = _row(line)
                if row is not None:
                    yield offset, row
                offset += len(line)
                self._torn = not line.endswith(b"\n")


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:  # torn by a kill, or by a disk
        return None
    return row if isinstance(row, dict) else None
