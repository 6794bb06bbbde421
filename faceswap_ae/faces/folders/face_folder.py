"""How is a face folder found by name, and how are its faces dropped, restored and renamed?

A dropped face is moved to `.dropped/` inside its folder, where nothing is ever overwritten, so the
user can restore it. "Dropped" means only that the PNG is not in the folder (journal.py). A mask is
always moved with its face. If the process is killed, every file is still in one of the two places.
"""

import difflib
import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from faceswap_ae.common.atomic import explain_os_error, replacing
from faceswap_ae.common.errors import MediaError, UserError, unknown
from faceswap_ae.common.limits import read_whole
from faceswap_ae.faces.folders import face_file, sorting
from faceswap_ae.faces.folders.face_file import FaceEntry, zip_of
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.media.inputs import safe_stem

DROPPED = ".dropped"
NAME = re.compile(r"[^\W_]([^/\\:\n]*[^/\\:\s.])?")  # of a folder in data/
LONGEST = 120  # bytes of such a name: files are called by it too
NUMBER = re.compile(r"\d{5}-(?=.)")  # the prefix that sorting adds to a name, and removes
MOST = 100_000  # number of faces that five digits can count


@dataclass(frozen=True)
class MovedFaces:
    """The number of faces that were moved, and the number that the folder has now."""

    count: int
    left: int


def is_name(name: str) -> bool:
    """May a face folder in `data` be called so?"""
    return bool(NAME.fullmatch(name)) and name.isprintable() and len(os.fsencode(name)) <= LONGEST


def named_folder(name: str, data: Path) -> Path:
    """Return `<data>/<name>`. Raises UserError if `--as` gives no name but a path, or nothing."""
    if not is_name(name):
        raise UserError(f"--as {name!a}: give a folder's name without slashes, such as ada")
    return data / name


def folder_path(named: str, data: Path) -> Path:
    """Return the path of a face folder: `ada` means `<data>/ada`, but `./ada` is a path."""
    bare = Path(named).name == named and named not in (".", "..")
    return data / named if bare else Path(named)


def find_folder(named: str, data: Path) -> Path:
    """Return the path of an existing face folder, packed (as a zip) or not."""
    for path in (folder_path(named, data), Path(named)):
        if path.is_dir() or zip_of(path).is_file():
            return path
    if Path(named).is_file():
        clip = Path(named)
        how = f"faceswap-ae extract {clip} --as {safe_stem(clip.stem)}"
        raise UserError(f"{named}: is no face folder; make one of it: {how}")
    told = unknown("face folder", named, known_folders(data))
    add = "faceswap-ae extract CLIP --as NAME adds one"
    raise UserError(f"{folder_path(named, data)}: {told}; {add}")


def find_folders(named: Sequence[str], data: Path) -> list[Path]:
    """Return the paths of several existing face folders; what is wrong is said of all."""
    found: list[Path] = []
    wrong: dict[str, None] = {}
    for one in named:
        try:
            found.append(find_folder(one, data))
        except UserError as error:
            wrong[str(error)] = None
    if wrong:
        raise UserError("; and ".join(wrong))
    return found


def known_folders(data: Path) -> set[str]:
    """Return the names of all face folders, packed or not."""
    inside = data.glob("[!.]*") if data.is_dir() else []
    return {one.stem for one in inside if one.is_dir() or one.suffix == ".zip"}


def check_unpacked(folder: Path) -> Path:
    """Return the same folder. Raises UserError if it is packed, so that it cannot be changed."""
    if not folder.is_dir():
        raise UserError(f"{folder}: is packed; faceswap-ae faces unpack {zip_of(folder)} first")
    return folder


def face_key(entry: FaceEntry) -> str:
    """Return what identifies a face: its id, or without face data a hash of the file."""
    if entry.stored:
        return entry.stored.face.id
    return hashlib.blake2b(face_file.contents(entry.place), digest_size=8).hexdigest()


def read_list(path: Path) -> list[str]:
    """Read a list of face names, one per line, as the gallery writes it."""
    try:
        lines = read_whole(path).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as a list of names ({error})") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise UserError(f"{path}: names no face; write one name a line")
    return names


def drop(folder: Path, names: Iterable[str]) -> MovedFaces:
    """Move faces to `.dropped/`; names of faces that are already there are skipped."""
    gone = folder / DROPPED
    there = {picture.name: picture for picture in _pictures(check_unpacked(folder))}
    dropped = {picture.name for picture in _pictures(gone)}
    chosen = [there[name] for name in _resolved(folder, names, there, dropped)]
    _remember(folder, chosen)
    for picture in chosen:
        move(picture, gone / picture.name)
    return MovedFaces(len(chosen), len(there) - len(chosen))


def keep(folder: Path, names: Iterable[str]) -> MovedFaces:
    """Drop all faces except those with these names."""
    there = [picture.name for picture in _pictures(check_unpacked(folder))]
    kept = set(_resolved(folder, names, there))
    if not kept:
        raise UserError(f"{folder}: no face would be left; nothing was dropped")
    return drop(folder, [name for name in there if name not in kept])


def restore(folder: Path, names: Iterable[str] | None = None) -> MovedFaces:
    """Restore dropped faces, all or some; another version of the same face is dropped instead."""
    gone = check_unpacked(folder) / DROPPED
    there = {picture.name: picture for picture in _pictures(gone)}
    known = _ids(_pictures(folder))
    chosen = [there[name] for name in _resolved(gone, there if names is None else names, there)]
    for picture in chosen:
        other = known.pop(_id(picture) or "", None)
        if other:
            move(other, gone / other.name)
        move(picture, folder / picture.name)
    return MovedFaces(len(chosen), len(_pictures(folder)))


def sort(folder: Path, by: str, like: str | None = None, *, backwards: bool = False) -> int:
    """Rename all faces so that their names are in the given order; return the number of faces."""
    entries = face_file.entries(check_unpacked(folder))
    if len(entries) > MOST:
        raise UserError(f"{folder}: more than {MOST} faces cannot be numbered; split it first")
    found = sorting.ordered(entries, by, like, backwards=backwards)
    names = {
        folder / entry.name: f"{number:05d}-{_own(entry)}" for number, entry in enumerate(found)
    }
    _rename({path: folder / name for path, name in names.items()})
    return len(found)


def unnumbered(name: str) -> str:
    """Return a face's name without the number that sorting added."""
    return NUMBER.sub("", name, count=1)


def _own(entry: FaceEntry) -> str:
    """Return the name without sorting's number; a photo's own name may begin with a number."""
    fresh = entry.stored is not None and Path(entry.name).stem == entry.stored.face.id
    return entry.name if fresh else unnumbered(entry.name)


def move(picture: Path, target: Path) -> Path:
    """Move a face and its mask to `target`; if the name is taken, it gets a suffix."""
    mask = mask_of(picture)
    try:
        painted = mask.read_bytes() if mask.exists() else None
        goal = free_name(target, painted)
        goal.parent.mkdir(exist_ok=True)
        # The mask arrives before its face and leaves after it, so a face always has its mask.
        put_mask(goal, painted)
        picture.rename(goal)
        mask.unlink(missing_ok=True)
    except OSError as error:
        raise explain_os_error(error, target) from error
    return goal


def set_aside(picture: Path) -> Path:
    """Copy a face and its mask to `.dropped/` before the face is changed."""
    mask = mask_of(picture)
    painted = mask.read_bytes() if mask.exists() else None
    goal = free_name(picture.parent / DROPPED / picture.name, painted)
    put_mask(goal, painted)
    with replacing(goal) as part:
        part.write_bytes(picture.read_bytes())
    return goal


def free_name(target: Path, mask: bytes | None) -> Path:
    """Return `target`, or a similar name, so that a face and its mask overwrite nothing."""
    stems = chain([target.stem], (f"{target.stem}-{number}" for number in count(2)))
    return next(one for one in map(target.with_stem, stems) if _is_free(one, mask))


def put_mask(picture: Path, mask: bytes | None) -> None:
    """Write a mask beside a face, under a name that `free_name` has found for both."""
    if mask is not None:
        with replacing(mask_of(picture)) as part:
            part.write_bytes(mask)


def mask_of(picture: Path) -> Path:
    """Return the path of the mask painted for a face."""
    found = face_file.mask_place(picture)
    assert isinstance(found, Path)
    return found


def _is_free(picture: Path, mask: bytes | None) -> bool:
    beside = mask_of(picture)
    # If a mask is alone, the process was killed between the two moves. The same mask may use
    # this name again.
    return not picture.exists() and (not beside.exists() or beside.read_bytes() == mask)


def _rename(goals: Mapping[Path, Path]) -> None:
    """Rename many faces, even if the new name of one is the old name of another."""
    now = {first: first for first in goals}  # the present name of each face
    holders = dict(now)  # the face that has this name
    for first, goal in goals.items():
        if now[first] == goal:
            continue
        in_the_way = holders.pop(goal, None)
        if in_the_way is not None:
            now[in_the_way] = move(goal, goal)
            holders[now[in_the_way]] = in_the_way
        del holders[now[first]]
        now[first] = move(now[first], goal)
        holders[now[first]] = first


def _pictures(folder: Path) -> list[Path]:
    found = face_file.pictures(folder) if folder.is_dir() else []
    return [picture for picture in found if isinstance(picture, Path)]


def _resolved(
    folder: Path, names: Iterable[str], there: Iterable[str], gone: Iterable[str] = ()
) -> list[str]:
    """Return the names as they are in the folder, even if it was sorted after the list was made."""
    known, before = set(there), {unnumbered(name) for name in gone}
    by_plain: dict[str, list[str]] = {}
    for name in sorted(known):
        by_plain.setdefault(unnumbered(name), []).append(name)
    found: dict[str, None] = {}
    for name in (Path(one).name for one in names):
        alike = by_plain.get(name) or by_plain.get(unnumbered(name), [])
        if name in known or len(alike) == 1:
            found[name if name in known else alike[0]] = None
        elif alike or unnumbered(name) not in before:
            near = difflib.get_close_matches(name, known, n=1)
            guess = f"; did you mean '{near[0]}'?" if near else ""
            raise UserError(f"{folder}: no face '{name}' there{guess}")
    return list(found)


def _remember(folder: Path, pictures: Iterable[Path]) -> None:
    """Record faces as written; otherwise an extraction would write a dropped face again."""
    journal = Journal(folder)
    for face in _ids(pictures).keys() - journal.written:
        journal.add_written(face)


def _ids(pictures: Iterable[Path]) -> dict[str, Path]:
    return {face: picture for picture in pictures if (face := _id(picture))}


def _id(picture: Path) -> str | None:
    try:
        stored = face_file.read(picture)
    except MediaError:  # damaged, but it can be moved
        return None
    return stored.face.id if stored else None
