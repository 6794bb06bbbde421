"""Which files belong to a checkpoint, and is it all there?

    checkpoint-00012000.json                          what belongs to step 12000, written last
    checkpoint-00012000-weights-5f3a90.safetensors    a group of arrays
    checkpoint-00012000-optimiser-5f3a90.safetensors

Each writing draws new letters for its files: one that is killed cannot spoil an earlier one of the
same step. A manifest hashes itself as well as its files. Snapshots look alike.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.training.runs import tensor_file
from faceswap_ae.training.runs.tensor_file import WrittenTensors

Kind = Literal["checkpoint", "snapshot"]
CHECKPOINT: Kind = "checkpoint"
SNAPSHOT: Kind = "snapshot"
VERSION = 1
NAME = re.compile(r"(checkpoint|snapshot)-(\d{8,})\.json")


@dataclass(frozen=True)
class CheckpointManifest:
    """What a manifest says."""

    path: Path  # of the manifest
    step: int
    time: str  # of saving, ISO 8601
    files: Mapping[str, WrittenTensors]  # by group
    facts: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files.values())

    def place(self, group: str) -> Path:
        """Where a group's file lies."""
        return self.path.with_name(self.files[group].name)


def place(folder: Path, kind: Kind, step: int) -> Path:
    """Where the manifest of a step lies."""
    return folder / f"{kind}-{step:08d}.json"


def step_of(path: Path) -> int:
    """The step in a manifest's name."""
    return int(path.stem.rpartition("-")[2])


def list_manifests(folder: Path, kind: Kind) -> list[Path]:
    """The manifests in a folder, the latest step first."""
    inside = folder.iterdir() if folder.is_dir() else ()
    found = [path for path in inside if NAME.fullmatch(path.name) and path.name.startswith(kind)]
    return sorted(found, key=step_of, reverse=True)


def write(saved: CheckpointManifest) -> None:
    """With this file a checkpoint is complete."""
    write_text(saved.path, format_manifest(saved))


def format_manifest(saved: CheckpointManifest) -> str:
    """A manifest as text."""
    body = {
        "version": VERSION,
        "step": saved.step,
        "time": saved.time,
        "files": {group: asdict(file) for group, file in saved.files.items()},
        "facts": saved.facts,
    }
    body = json.loads(json.dumps(body))  # as it will be read: a key that is a number becomes text
    return json.dumps({"hash": _hash(body), "manifest": body}, indent=1) + "\n"


def read(path: Path) -> CheckpointManifest:
    """What a manifest says; raises Fault where it is damaged, OSError where it cannot be read."""
    try:
        told = json.loads(path.read_bytes())
        body = told["manifest"]
        if body["version"] > VERSION:
            raise UserError(f"{path}: was written by a newer faceswap_ae; update this one")
        if told["hash"] != _hash(body):
            raise ValueError("its hash differs")
        files = {group: WrittenTensors(**file) for group, file in body["files"].items()}
        return CheckpointManifest(path, body["step"], body["time"], files, body["facts"])
    except (ValueError, KeyError, TypeError) as error:
        raise Fault(f"{path}: is damaged ({error})") from error


def check(saved: CheckpointManifest, groups: Sequence[str] | None = None) -> None:
    """Raise Fault where a file is missing or is not what was written."""
    for group, file in saved.files.items():
        if groups is None or group in groups:
            tensor_file.check(saved.place(group), file)


def is_whole(path: Path) -> bool:
    """Is there all that belongs to it, by names and lengths? Reads the manifest only."""
    try:
        saved = read(path)
        lengths = {group: saved.place(group).stat().st_size for group in saved.files}
    except (Fault, FileNotFoundError):
        return False
    except OSError:
        return True  # a network that stammers says nothing against it
    return all(lengths[group] == file.size for group, file in saved.files.items())


def names(path: Path) -> set[str]:
    """The files that a manifest claims; one that cannot be read claims all of its step."""
    try:
        return {file.name for file in read(path).files.values()}
    except (Fault, OSError):
        return {one.name for one in path.parent.glob(f"{path.stem}-*")}


def _hash(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=tensor_file.DIGEST).hexdigest()
