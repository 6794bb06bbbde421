"""Which face folder is meant, and how do its faces get another name or leave it?

A face that is dropped goes to `.dropped/` inside its folder, where nothing is ever overwritten, and
can be restored. That its PNG is gone is all that dropping means (journal.py). A mask always goes
with its face. Whatever is killed halfway leaves every file in one of the two places.
"""

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from faceswap_ae.common.atomic import explain_os_error, replacing
from faceswap_ae.common.errors import MediaError, UserError, unknown
from faceswap_ae.faces.folders import face_file, sorting
from faceswap_ae.faces.folders.face_file import FaceEntry
from faceswap_ae.faces.folders.journal import Journal

DROPPED = ".dropped"
NUMBER = re.compile(r"\d{5}-(?=.)")  # what sorting puts before a name, and takes away
MOST = 100_000  # faces that five digits can number


@dataclass(frozen=True)
class MovedFaces:
    """How many faces changed place, and how many the folder has now."""

    count: int
    left: int


def folder_path(named: str, data: Path) -> Path:
    """Where a face folder belongs: `ada` is `<data>/ada`, and `./ada` is a path."""
    bare = Path(named).name == named and named not in (".", "..")
    return data / named if bare else Path(named)


def find_folder(named: str, data: Path) -> Path:
    """A face folder that is there, or its zip."""
    for path in (folder_path(named, data), Path(named)):
        if path.is_dir() or zip_of(path).is_file():
            return path
    inside = data.glob("[!.]*") if data.is_dir() else []
    known = {one.stem for one in inside if one.is_dir() or one.suffix == ".zip"}
    raise UserError(f"{folder_path(named, data)}: {unknown('face folder', named, known)}")


def zip_of(folder: Path) -> Path:
    """The zip of a face folder, wherever it is itself."""
    return folder if folder.suffix == ".zip" else folder.with_name(f"{folder.name}.zip")


def check_unpacked(folder: Path) -> Path:
    """The same folder; raises UserError where it is not one that can be changed."""
    if not folder.is_dir():
        raise UserError(f"{folder}: is packed; faceswap-ae faces unpack {zip_of(folder)} first")
    return folder


def face_key(entry: FaceEntry) -> str:
    """What a face is known by, whatever its name: its id; without a story, what is in the file."""
    if entry.stored:
        return entry.stored.face.id
    return hashlib.blake2b(entry.place.read_bytes(), digest_size=8).hexdigest()


def read_list(path: Path) -> list[str]:
    """The names in a list, one a line, as the gallery writes it."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as a list of names ({error})") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise UserError(f"{path}: names no face; write one name a line")
    return names


def drop(folder: Path, names: Iterable[str]) -> MovedFaces:
    """Move faces to `.dropped/`; a name that lies there already is passed over."""
    gone = folder / DROPPED
    there = {picture.name: picture for picture in _pictures(check_unpacked(folder))}
    dropped = {picture.name for picture in _pictures(gone)}
    chosen = [there[name] for name in _resolved(folder, names, there, dropped)]
    _remember(folder, chosen)
    for picture in chosen:
        move(picture, gone / picture.name)
    return MovedFaces(len(chosen), len(there) - len(chosen))


def keep(folder: Path, names: Iterable[str]) -> MovedFaces:
    """Drop all others."""
    there = [picture.name for picture in _pictures(check_unpacked(folder))]
    kept = set(_resolved(folder, names, there))
    if not kept:
        raise UserError(f"{folder}: no face would be left; nothing was dropped")
    return drop(folder, [name for name in there if name not in kept])


def restore(folder: Path, names: Iterable[str] | None = None) -> MovedFaces:
    """Bring dropped faces back, all or some. Another version of one that is there is dropped."""
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
    """Rename all faces so that their names are in an order; the number of faces."""
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
    """A face's name without the number that sorting gave it."""
    return NUMBER.sub("", name, count=1)


def _own(entry: FaceEntry) -> str:
    """The name without a number; a photo's own name may begin with one."""
    fresh = entry.stored is not None and Path(entry.name).stem == entry.stored.face.id
    return entry.name if fresh else unnumbered(entry.name)


def move(picture: Path, target: Path) -> Path:
    """Rename a face and its mask to where they will be; a name that is taken gets a suffix."""
    mask = mask_of(picture)
    try:
        painted = mask.read_bytes() if mask.exists() else None
        goal = free_name(target, painted)
        goal.parent.mkdir(exist_ok=True)
        # The mask is there before its face and leaves after it: none is ever without the other.
        put_mask(goal, painted)
        picture.rename(goal)
        mask.unlink(missing_ok=True)
    except OSError as error:
        raise explain_os_error(error, target) from error
    return goal


def set_aside(picture: Path) -> Path:
    """Copy a face and its mask to the dropped, before it is changed."""
    mask = mask_of(picture)
    painted = mask.read_bytes() if mask.exists() else None
    goal = free_name(picture.parent / DROPPED / picture.name, painted)
    put_mask(goal, painted)
    with replacing(goal) as part:
        part.write_bytes(picture.read_bytes())
    return goal


def free_name(target: Path, mask: bytes | None) -> Path:
    """The name, or the next one like it, under which a face and its mask overwrite nothing."""
    stems = chain([target.stem], (f"{target.stem}-{number}" for number in count(2)))
    return next(one for one in map(target.with_stem, stems) if _is_free(one, mask))


def put_mask(picture: Path, mask: bytes | None) -> None:
    """Lay a mask beside a face, where `free` found room for both."""
    if mask is not None:
        with replacing(mask_of(picture)) as part:
            part.write_bytes(mask)


def mask_of(picture: Path) -> Path:
    """Where the mask painted for a face lies."""
    found = face_file.mask_place(picture)
    assert isinstance(found, Path)
    return found


def _is_free(picture: Path, mask: bytes | None) -> bool:
    beside = mask_of(picture)
    # A mask alone is what a kill between the two left; the same one may be taken up again.
    return not picture.exists() and (not beside.exists() or beside.read_bytes() == mask)


def _rename(goals: Mapping[Path, Path]) -> None:
    """Rename many, though the one's goal may be the other's name."""
    now = {first: first for first in goals}  # where each is
    holders = dict(now)  # and who is there
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
    """The names as the folder has them, even if it was sorted since they were written down."""
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
    """Without a row that it was written, a face that is gone would be written again."""
    journal = Journal(folder)
    for face in _ids(pictures).keys() - journal.written:
        journal.add_written(face)


def _ids(pictures: Iterable[Path]) -> dict[str, Path]:
    return {face: picture for picture in pictures if (face := _id(picture))}


def _id(picture: Path) -> str | None:
    try:
        stored = face_file.read(picture)
    except MediaError:  # damaged: it can be moved all the same
        return None
    return stored.face.id if stored else None
