"""How are checkpoints saved so that a kill at any moment loses none of them?

The files of a checkpoint are written first; each is either complete or absent. The manifest is
written last: a checkpoint without a manifest does not exist. Older checkpoints are removed only
after that. There are no locks and no links, and renames stay within a folder, so network drives
work too. Reading changes nothing, so a run can be used while it trains.
"""

import logging
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from faceswap_ae.common.atomic import is_old
from faceswap_ae.common.errors import Fault
from faceswap_ae.common.quantities import format_bytes
from faceswap_ae.runtime.disk import free_bytes, used_bytes
from faceswap_ae.training.runs import manifest, tensor_file
from faceswap_ae.training.runs.manifest import CHECKPOINT, SNAPSHOT, CheckpointManifest, Kind

TRIES = 3  # attempts to read a folder from which another process removes checkpoints meanwhile
KEEP = 2  # checkpoints: the disk may damage the newest one
WEIGHTS = "weights"  # the group that other runs need
USED = (WEIGHTS, "codes")  # the groups that conversion needs, as far as a run has them
REMAINS = re.compile(r"(checkpoint|snapshot)-(\d{8,})-[a-z]+-[0-9a-f]{6}\.safetensors")

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainingState:
    """The whole state from which a training continues. Facts are values that JSON can hold."""

    step: int
    arrays: Mapping[str, Mapping[str, NDArray[Any]]]  # group -> name -> array
    facts: Mapping[str, Any]


def save(folder: Path, state: TrainingState, keep: int = KEEP) -> CheckpointManifest:
    """Write a checkpoint, then remove all but the newest `keep`, and any of later steps."""
    _clear_remains(folder, CHECKPOINT, state.step)
    _make_room(folder, state)
    saved = _write(folder, CHECKPOINT, state)
    kept = {saved.path, *_whole_before(folder, state.step)[: keep - 1]}
    for path in manifest.list_manifests(folder, CHECKPOINT):
        if path not in kept:
            _remove(path)
    _clear_remains(folder, CHECKPOINT, state.step)
    return saved


def snapshot(folder: Path, state: TrainingState) -> CheckpointManifest:
    """Write a snapshot: the weights of this step, which are kept for good."""
    _clear_remains(folder, SNAPSHOT, state.step)
    used = {group: state.arrays[group] for group in USED if group in state.arrays}
    weights = TrainingState(state.step, used, state.facts)
    saved = _write(folder, SNAPSHOT, weights)
    _clear_remains(folder, SNAPSHOT, state.step)
    return saved


def load(folder: Path, groups: Sequence[str] | None = None) -> TrainingState | None:
    """Load these groups (or all) of the newest complete and undamaged checkpoint; None if none.

    Raises Fault if there are checkpoints but none can be used: a new start would remove them.
    """
    saved = newest(folder, groups)
    return None if saved is None else restore(saved, groups)


def newest(folder: Path, groups: Sequence[str] | None = None) -> CheckpointManifest | None:
    """Return the newest checkpoint whose hashes are right; log each one that is skipped."""
    for _ in range(TRIES):
        paths = manifest.list_manifests(folder, CHECKPOINT)
        for path in paths:
            saved = _sound(path, groups)
            if saved is not None:
                return saved
        if all(path.exists() for path in paths):
            break
    if paths:
        if (closed := _closed(folder)) is not None:
            why = "another user owns it, or another program holds it"
            raise Fault(f"{closed}: may not be read by you; {why}")
        why = f"none of its {len(paths)} checkpoints can be used; is the disk sound?"
        raise Fault(f"{folder}: {why} Move them elsewhere to begin anew")
    return None


def restore(saved: CheckpointManifest, groups: Sequence[str] | None = None) -> TrainingState:
    """Read the state of a checkpoint or snapshot that was checked before."""
    wanted = [group for group in saved.files if groups is None or group in groups]
    arrays = {group: tensor_file.read(saved.place(group)) for group in wanted}
    return TrainingState(saved.step, arrays, saved.facts)


def listed(folder: Path, kind: Kind = CHECKPOINT) -> list[CheckpointManifest]:
    """Return those of a kind that are complete by names and lengths, the latest step first."""
    found = []
    for path in manifest.list_manifests(folder, kind):
        with suppress(Fault, OSError):  # damaged, or removed meanwhile
            found += [manifest.read(path)] if manifest.is_whole(path) else []
    return found


def rewind(folder: Path, step: int) -> None:
    """Remove all checkpoints after a step: `load` found them damaged, or training diverged."""
    for path in manifest.list_manifests(folder, CHECKPOINT):
        if manifest.step_of(path) > step:
            _remove(path)


def check_room(folder: Path, size: int) -> None:
    """Raise Fault if the disk has no room for two checkpoints of `size` bytes."""
    own = used_bytes(folder.glob(f"{CHECKPOINT}-*")) if folder.is_dir() else 0
    free = free_bytes(folder)
    if free + own < KEEP * size:
        wanted = f"{KEEP} checkpoints of {format_bytes(size)}"
        there = f"{format_bytes(free)} are free"
        raise Fault(f"{folder}: {wanted} do not fit, {there}; free some, or use another --runs")


def _closed(folder: Path) -> Path | None:
    """Return a file of a checkpoint that this user may not read."""
    for path in sorted(folder.glob(f"{CHECKPOINT}-*")):
        try:
            path.open("rb").close()
        except PermissionError:
            return path
        except OSError:
            continue
    return None


def _sound(path: Path, groups: Sequence[str] | None) -> CheckpointManifest | None:
    try:
        saved = manifest.read(path)
        manifest.check(saved, groups)
    except (Fault, OSError) as error:
        if path.exists():
            log.warning("%s: is not used (%s); an older one is looked for", path, error)
        return None
    return saved


def _write(folder: Path, kind: Kind, state: TrainingState) -> CheckpointManifest:
    path = manifest.place(folder, kind, state.step)
    letters = secrets.token_hex(3)
    files = {
        group: tensor_file.write(folder / f"{path.stem}-{group}-{letters}.safetensors", arrays)
        for group, arrays in state.arrays.items()
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    saved = CheckpointManifest(path, state.step, now, files, state.facts)
    manifest.write(saved)
    _settle(folder)
    return saved


def _settle(folder: Path) -> None:
    """Flush the folder, so that the new names are on the disk before older files are removed."""
    if hasattr(os, "O_DIRECTORY"):
        with suppress(OSError):  # some network drives cannot
            number = os.open(folder, os.O_DIRECTORY)
            try:
                os.fsync(number)
            finally:
                os.close(number)


def _make_room(folder: Path, state: TrainingState) -> None:
    """Remove older checkpoints first if the disk is nearly full; the newest one always stays."""
    size, free = sum(map(tensor_file.size, state.arrays.values())), free_bytes(folder)
    spare = _whole_before(folder, state.step)[1:]
    takes = {path: used_bytes(folder.glob(f"{path.stem}-*")) for path in spare}
    if free + sum(takes.values()) < size:
        why = f"a checkpoint of {format_bytes(size)} does not fit, {format_bytes(free)} are free"
        raise Fault(f"{folder}: {why}; free some, then again")
    while free < size:
        free += takes[spare[-1]]
        _remove(spare.pop())


def _whole_before(folder: Path, step: int) -> list[Path]:
    found = manifest.list_manifests(folder, CHECKPOINT)
    return [path for path in found if manifest.step_of(path) < step and manifest.is_whole(path)]


def _clear_remains(folder: Path, kind: Kind, step: int) -> None:
    """Remove what killed processes left behind: files of arrays that no manifest names.

    They go if they belong to this step, or if nobody has written to them for a long time. What is
    half written is removed by atomic.py.
    """
    if not folder.is_dir():
        return
    manifests = [
        *manifest.list_manifests(folder, CHECKPOINT),
        *manifest.list_manifests(folder, SNAPSHOT),
    ]
    claimed = {path.name for path in manifests}.union(*map(manifest.names, manifests))
    for path in folder.iterdir():
        found = REMAINS.fullmatch(path.name)
        if found is None or path.name in claimed:
            continue
        ours = found[1] == kind and int(found[2]) == step
        if ours or _is_abandoned(path):
            _unlink(path)


def _is_abandoned(path: Path) -> bool:
    try:
        return is_old(path.stat().st_mtime)
    except OSError:  # the file is gone, or the network fails for a moment
        return False


def _remove(path: Path) -> None:
    """Remove a checkpoint, its manifest first: without a manifest it does not exist."""
    _unlink(path)
    if not path.exists():
        for file in list(path.parent.glob(f"{path.stem}-*.safetensors")):
            _unlink(file)


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:  # Windows: another process reads it; removed later
        log.warning("%s: could not be removed (%s)", path, error.strerror or error)
