"""How are face folders merged or split (by person, track or source), with their journals?

A face is identified by its id, whatever its file's name: no face is copied twice. The journal's
rows about scanned frames and dropped faces are copied too, so that no later extraction brings a
dropped face back. Faces that the receiving folder has dropped stay dropped. A PNG is copied before
its row is written: if the process is killed, the same command completes the work.
"""

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_ae.common.atomic import replacing, replacing_folder
from faceswap_ae.common.errors import MediaError, UserError, unknown
from faceswap_ae.common.progress import Advance
from faceswap_ae.faces.clustering import cluster_numbers, single_clusters
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.archive import entries, journal_of
from faceswap_ae.faces.folders.face_file import FaceEntry, contents, zip_of
from faceswap_ae.faces.folders.face_folder import (
    check_unpacked,
    face_key,
    free_name,
    put_mask,
)
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.faces.folders.sorting import descriptors
from faceswap_ae.faces.record import Face


@dataclass(frozen=True, eq=False)
class FaceGroup:
    """A group of faces, and a text that says what they have in common."""

    what: str
    entries: list[FaceEntry]


log = logging.getLogger(__name__)

MANY = 200  # greatest number of folders that a split makes


@dataclass(frozen=True)
class MergeResult:
    """Counts of faces: copied, in the folder before, or dropped from it before."""

    added: int
    there: int
    dropped: int


def merge(folders: Sequence[Path], out: Path, advance: Advance = lambda _: None) -> MergeResult:
    """Copy the faces of folders or zips into a folder that may be new or contain faces."""
    if out.exists() or (zip_of(out) not in map(zip_of, folders) and zip_of(out).exists()):
        check_unpacked(out)
    came = [entry for folder in folders for entry in entries(folder)]
    journal = Journal(out)
    there = set(map(face_key, face_file.entries(out))) if out.is_dir() else set()
    became: Counter[str] = Counter()
    # If a face comes in two versions, the one with landmarks corrected by hand is copied.
    whole, lost = list[FaceEntry](), set[str]()
    for count, entry in enumerate(sorted(came, key=lambda one: not _is_corrected(one)), 1):
        try:
            known = face_key(entry)
            fate = "there" if known in there else "dropped" if known in journal.written else "added"
            if fate == "added":
                _copy(entry, out)
                there.add(known)
        except MediaError as error:  # one damaged face hides no other
            log.warning("%s; it is left out", error)
            lost |= {entry.stored.face.id} if entry.stored else set()
        else:
            became[fate] += 1
            whole.append(entry)
        advance(count)
    for folder in folders:
        with journal_of(folder) as source:
            source.written -= lost  # it may come again, whole: nobody dropped it
            _carry(source, journal)
    _add_written((one.stored.face.id for one in whole if one.stored), journal)
    return MergeResult(became["added"], became["there"], became["dropped"])


def split(
    folder: Path, by: str, least: int = 1, advance: Advance = lambda _: None
) -> list[tuple[Path, FaceGroup]]:
    """Copy each group of at least `least` faces into its own folder: `ada-1`, `ada-2`, ..."""
    every = group_faces(entries(folder), by)
    groups = [group for group in every if len(group.entries) >= least]
    if len(every) < 2 or not groups:
        large = f", {len(groups)} of at least {least} faces" if least > 1 else ""
        raise UserError(f"{folder}: {len(every)} groups by {by}{large}; there is nothing to split")
    if len(groups) > MANY:
        raise UserError(f"{folder}: {len(groups)} groups by {by}; --least 10 leaves out small ones")
    base = zip_of(folder).with_suffix("")
    outs = [base.with_name(f"{base.name}-{number}") for number in range(1, len(groups) + 1)]
    for out in outs:
        if out.exists():
            raise UserError(f"{out}: is there already; move it elsewhere first")
    done = 0
    with journal_of(folder) as source:
        for out, group in zip(outs, groups, strict=True):
            with replacing_folder(out) as part:
                _fill(part, group, source)
            done += len(group.entries)
            advance(done)
    return list(zip(outs, groups, strict=True))


def _fill(part: Path, group: FaceGroup, source: Journal) -> None:
    """Copy a group into a folder, with its clips' rows in the journal.

    Other faces of these clips count as dropped there, because they belong to another group.
    """
    for entry in group.entries:
        _copy(entry, part)
    journal = Journal(part)
    own = [entry.stored.face for entry in group.entries if entry.stored]
    _carry(source, journal, list(dict.fromkeys(face.clip for face in own)))
    _add_written((face.id for face in own), journal)


def _is_corrected(entry: FaceEntry) -> bool:
    return entry.stored is not None and entry.stored.face.corrected


def _copy(entry: FaceEntry, out: Path) -> None:
    mask = face_file.mask_place(entry.place)
    painted = contents(mask) if mask.exists() else None
    target = free_name(out / entry.name, painted)
    put_mask(target, painted)
    with replacing(target) as part:
        part.write_bytes(contents(entry.place))


def _carry(source: Journal, out: Journal, clips: Sequence[str] | None = None) -> None:
    """Copy the rows that `out` does not have, about all clips or only about `clips`."""
    own, met = out.written | out.skipped.keys(), set[str]()
    for clip in source.clips if clips is None else clips:
        known = out.frames(clip)
        for frame in sorted(source.frames(clip)):
            found = source.faces(clip, frame)
            if source.has(clip, frame) and frame not in known:
                out.add_frame(clip, frame, found)
            met.update(face.id for face in found)
    _add_written(source.written if clips is None else source.written & met, out)
    out.add_skipped({face: source.skipped[face] for face in met & source.skipped.keys() - own})


def _add_written(ids: Iterable[str], journal: Journal) -> None:
    for face in sorted(set(ids) - journal.written):
        journal.add_written(face)


def group_faces(entries: Sequence[FaceEntry], by: str) -> list[FaceGroup]:
    """Return the groups, the largest first; pictures without face data are in no group."""
    if by not in GROUPINGS:
        raise UserError(f"--by: {unknown('way to split', by, GROUPINGS)}")
    groups = GROUPINGS[by]([entry for entry in entries if entry.stored])
    return sorted(groups, key=lambda group: -len(group.entries))


def _by_person(entries: Sequence[FaceEntry]) -> list[FaceGroup]:
    numbers = (
        cluster_numbers(single_clusters(descriptors(entries))) if entries else np.zeros(0, int)
    )
    members = [np.flatnonzero(numbers == one).tolist() for one in np.unique(numbers)]
    return [FaceGroup("a person", [entries[place] for place in places]) for places in members]


def _by_track(entries: Sequence[FaceEntry]) -> list[FaceGroup]:
    groups = _keyed(entries, lambda face: (face.clip, face.track))
    return [FaceGroup(f"{_first(one).source}, track {_first(one).track}", one) for one in groups]


def _by_source(entries: Sequence[FaceEntry]) -> list[FaceGroup]:
    return [FaceGroup(_first(one).source, one) for one in _keyed(entries, lambda face: face.clip)]


def _keyed(entries: Sequence[FaceEntry], key: Callable[[Face], Hashable]) -> list[list[FaceEntry]]:
    found: dict[Hashable, list[FaceEntry]] = {}
    for entry in entries:
        if entry.stored:
            found.setdefault(key(entry.stored.face), []).append(entry)
    return list(found.values())


def _first(entries: Sequence[FaceEntry]) -> Face:
    stored = entries[0].stored
    assert stored
    return stored.face


GROUPINGS: dict[str, Callable[[Sequence[FaceEntry]], list[FaceGroup]]] = {
    "person": _by_person,
    "track": _by_track,
    "source": _by_source,
}
