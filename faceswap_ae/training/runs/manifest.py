"""Which files belong to a checkpoint, and are all of them there (the manifest)?

    checkpoint-00012000.json                          what belongs to step 12000, written last
    checkpoint-00012000-weights-5f3a90.safetensors    a group of arrays
    checkpoint-00012000-optimiser-5f3a90.safetensors

Each save draws new random letters for its files. So a save that is killed cannot damage an earlier
save of the same step. A manifest has a hash of itself and of each of its files. Snapshots have
files of the same form.
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
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.training.runs import tensor_file
from faceswap_ae.training.runs.tensor_file import WrittenTensors

Kind = Literal["checkpoint", "snapshot"]
CHECKPOINT: Kind = "checkpoint"
SNAPSHOT: Kind = "snapshot"
VERSION = 1
NAME = re.compile(r"(checkpoint|snapshot)-(\d{8,})\.json")
FILE = re.compile(r"[\w-][\w.-]{0,199}")  # of a manifest: beside it, and hidden from nobody


@dataclass(frozen=True)
class CheckpointManifest:
    """The content of a manifest."""

    path: Path  # of the manifest
    step: int
    time: str  # of saving, ISO 8601
    files: Mapping[str, WrittenTensors]  # by group
    facts: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Bytes of all array files together."""
        return sum(file.size for file in self.files.values())

    def place(self, group: str) -> Path:
        """Return the path of a group's file."""
        return self.path.with_name(self.files[group].name)


def place(folder: Path, kind: Kind, step: int) -> Path:
    """Return the path of the manifest of a step."""
    return folder / f"{kind}-{step:08d}.json"


def step_of(path: Path) -> int:
    """Return the step in a manifest's name."""
    return int(path.stem.rpartition("-")[2])


def list_manifests(folder: Path, kind: Kind) -> list[Path]:
    """Return the manifests in a folder, the latest step first."""
    inside = folder.iterdir() if folder.is_dir() else ()
    found = [path for path in inside if NAME.fullmatch(path.name) and path.name.startswith(kind)]
    return sorted(found, key=step_of, reverse=True)


def write(saved: CheckpointManifest) -> None:
    """Write the manifest: with this file, the checkpoint is complete."""
    write_text(saved.path, format_manifest(saved))


def format_manifest(saved: CheckpointManifest) -> str:
    """Return a manifest as text: its content and the hash of that, in JSON."""
    body = {
        "version": VERSION,
        "step": saved.step,
        "time": saved.time,
        "files": {group: asdict(file) for group, file in saved.files.items()},
        "facts": saved.facts,
    }
    body = json.loads(json.dumps(body))  # as it is read later: JSON turns number keys into text
    return json.dumps({"hash": _hash(body), "manifest": body}, indent=1) + "\n"


def read(path: Path) -> CheckpointManifest:
    """Read a manifest. Raise Fault if it is damaged, OSError if it cannot be read."""
    try:
        told = JsonFields.read(path)
        body = told.inner("manifest")
        if body.whole("version") > VERSION:
            raise UserError(f"{path}: was written by a newer faceswap_ae; update this one")
        if told.text("hash") != _hash(told.any("manifest")):
            raise ValueError("its hash differs")
        files = body.inner("files")
        written = {group: _written(files.inner(group)) for group in files}
        facts = body.inner("facts").values
        return CheckpointManifest(path, body.whole("step"), body.text("time"), written, facts)
    except ValueError as error:
        raise Fault(f"{path}: is damaged ({error})") from error


def _written(told: JsonFields) -> WrittenTensors:
    name = told.text("name")
    if not FILE.fullmatch(name):
        raise ValueError(f"{name!a} cannot be a file of it")
    return WrittenTensors(name, told.whole("size"), told.text("digest"))


def check(saved: CheckpointManifest, groups: Sequence[str] | None = None) -> None:
    """Raise Fault if a file is missing or has another content than was written."""
    for group, file in saved.files.items():
        if groups is None or group in groups:
            tensor_file.check(saved.place(group), file)


def is_whole(path: Path) -> bool:
    """Check that all files of a manifest are there with their lengths; read only the manifest."""
    try:
        saved = read(path)
        lengths = {group: saved.place(group).stat().st_size for group in saved.files}
    except (Fault, FileNotFoundError):
        return False
    except OSError:
        return True  # the network fails for a moment: this is no evidence against it
    return all(lengths[group] == file.size for group, file in saved.files.items())


def names(path: Path) -> set[str]:
    """Return the file names in a manifest; all files of its step if it cannot be read."""
    try:
        return {file.name for file in read(path).files.values()}
    except (Fault, OSError):
        return {one.name for one in path.parent.glob(f"{path.stem}-*")}


def _hash(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=tensor_file.DIGEST).hexdigest()
