"""What is told of a conversion: each frame's faces, what became of them, and how many?"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faceswap_ae.casting import DROPPED, NO_FACE, OUTSIDE, Cast
from faceswap_ae.face import Face
from faceswap_ae.lookup import Found, is_within
from faceswap_ae.rendering import Rendered, Scene
from faceswap_ae.segments import Parts
from faceswap_ae.span import Span

REPORT = ".json"  # after the whole name of the output

Note = Mapping[str, Any]


@dataclass
class Done:
    """What became of one clip."""

    source: Path
    outputs: list[Path]
    frames: int = 0
    swapped: int = 0  # frames with a new face
    reasons: Counter[str] = field(default_factory=Counter)  # faces left alone

    @property
    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "clip": self.source.name,
            "outputs": [path.name for path in self.outputs],
            "frames": self.frames,
            "swapped": self.swapped,
            "left": dict(self.reasons),
        }


def counted(source: Path, outputs: list[Path], notes: Iterable[Note]) -> Done:
    """What became of a clip, going by what was said of its frames."""
    done = Done(source, outputs)
    for note in notes:
        done.frames += 1
        done.swapped += any("swapped" in face for face in note["faces"])
        done.reasons.update(face["left"] for face in note["faces"] if "left" in face)
    return done


def following(part: Parts) -> int:
    """The number of the frame that comes after those that are done."""
    number = part.output.span.first
    for note in part.notes():
        number = int(note["frame"]) + 1
    return number


@dataclass(frozen=True)
class Account:
    """What is said of each frame."""

    found: Found
    roles: Cast
    scene: Scene
    span: Span  # of what is swapped

    def of(self, one: Rendered) -> dict[str, Any]:
        """A frame's faces: whose they became, or why they were left alone."""
        index = one.frame.index
        faces = []
        if self.found.journal.has(self.found.key, index):
            faces = [self._face(face, one.tracks) for face in self._known(index)]
        bridged = [track for track in one.tracks if track not in {face["track"] for face in faces}]
        faces += [{"track": track, "swapped": self._name(track)} for track in bridged]
        return {"frame": index, "time": round(float(one.frame.time), 4), "faces": faces}

    def _known(self, index: int) -> list[Face]:
        return self.found.journal.faces(self.found.key, index)

    def _face(self, face: Face, swapped: Sequence[int]) -> dict[str, Any]:
        box = [round(side, 1) for side in face.box]
        told = {"track": face.track, "box": box}
        if face.track in swapped:
            return {**told, "swapped": self._name(face.track)}
        return {**told, "left": self._reason(face)}

    def _name(self, track: int) -> str:
        return self.scene.dressers[self.roles.roles[track]].swapper.face

    def _reason(self, face: Face) -> str:
        if face.id in self.found.dropped:
            return DROPPED
        if not is_within(face, self.span):
            return OUTSIDE
        return self.roles.why.get(face.track, NO_FACE)


def write(place: Path, head: Note, notes: Iterable[Note]) -> None:
    """JSON, a line for each frame: found, swapped, left alone and why."""
    with place.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=1)[:-2] + ',\n "every": [\n')
        for number, note in enumerate(notes):
            file.write((",\n" if number else "") + "  " + json.dumps(note))
        file.write("\n ]\n}\n")
