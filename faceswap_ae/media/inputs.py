"""Which input files does the user mean: videos, photos, folders of them, glob patterns?"""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from faceswap_ae.common.errors import UserError
from faceswap_ae.media import images

VIDEOS = {
    *(".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".ts"),
    *(".mts", ".m2ts", ".3gp", ".ogv", ".gif"),
}

MASKS, TRUTH = "face-mask.mkv", "truth.json"  # files of `synth`, beside its clip
LONGEST = 60  # characters of a file's name that the names of its faces keep


@dataclass(frozen=True)
class InputFailure:
    """An input that could not be used, and why; `reason` names the input."""

    path: Path
    reason: str


def find_inputs(named: Iterable[Path]) -> tuple[list[Path], list[InputFailure]]:
    """Return every file that is meant, each once, and the inputs that cannot be used."""
    found: dict[Path, None] = {}
    failures: list[InputFailure] = []
    for path in named:
        try:
            found |= dict.fromkeys(_files(path, failures))
        except UserError as error:
            failures.append(InputFailure(path, str(error)))
    return list(found), failures


def distinct_names(paths: Sequence[Path], names: Sequence[str]) -> list[str]:
    """Return an output's name for each input, each once.

    Where `names` repeat, they get the name of the input's folder, or a number.
    """
    often = {name for name, count in Counter(names).items() if count > 1}
    told = [
        f"{path.absolute().parent.name}-{name}" if name in often else name
        for path, name in zip(paths, names, strict=True)
    ]
    seen: Counter[str] = Counter()
    found = []
    for name in told:
        seen[name] += 1
        stem, suffix = Path(name).stem, Path(name).suffix
        found.append(name if seen[name] == 1 else f"{stem}-{seen[name]}{suffix}")
    return found


def _files(path: Path, failures: list[InputFailure]) -> list[Path]:
    if path.is_dir():
        before, inside = len(failures), _walk(path, failures)
        kinds = VIDEOS | images.READABLE
        files = [one for one in inside if one.suffix.lower() in kinds and not _is_mask(one)]
        if not files and len(failures) == before:
            raise UserError(f"{path}: no videos or pictures in this folder")
        return files
    if path.exists() or not glob.has_magic(str(path)):
        return [path]
    found = glob.glob(str(path), recursive=True)  # noqa: PTH207 - Path.glob refuses absolute ones
    matching = [Path(name) for name in sorted(found)]
    if not matching:
        raise UserError(f"{path}: nothing matches")
    each = [_files(match, failures) if match.is_dir() else [match] for match in matching]
    return [file for files in each for file in files]


def _is_mask(path: Path) -> bool:
    """Is it the video of masks that `synth` writes beside its clip?"""
    return path.name == MASKS and path.with_name(TRUTH).is_file()


def _walk(folder: Path, failures: list[InputFailure]) -> Iterator[Path]:
    """Yield the files in a folder and its subfolders, sorted by name, without hidden ones."""

    def refused(error: OSError) -> None:
        closed = f"{error.filename}: no permission to read this folder; open it with chmod"
        failures.append(InputFailure(Path(str(error.filename)), closed))

    for place, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def safe_stem(name: str) -> str:
    """Return a file's name without the characters that shells and disks do not accept."""
    return re.sub(r"[^\w.-]+", "_", name)[:LONGEST].lstrip(".") or "face"
