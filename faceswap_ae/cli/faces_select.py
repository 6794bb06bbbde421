"""How do `faceswap-ae faces drop`, `keep` and `restore` select the faces that a folder uses?

Faces are selected by name, by a list, or by measures such as sharpness.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.terminal import Session

Folder = Annotated[str, typer.Argument(help="A face folder: data/ada, or ada.")]
Names = Annotated[list[str] | None, typer.Argument(help="Names of faces in it.")]
List = Annotated[Path | None, typer.Option("--list", help="A file with a name on each line.")]
Where = Annotated[
    list[str] | None, typer.Option(metavar="CONDITION", help="'sharpness<0.2', 'yaw>60'; all hold.")
]
Worst = Annotated[int | None, typer.Option(min=1, help="So many of the worst --by a measure.")]
Best = Annotated[int | None, typer.Option(min=1, help="So many of the best --by a measure.")]
By = Annotated[
    str | None, typer.Option(help="sharpness, size, score, turned, nodded, occlusion, misfit.")
]


def drop(
    context: typer.Context,
    folder: Folder,
    names: Names = None,
    list_: List = None,
    where: Where = None,
    worst: Worst = None,
    best: Best = None,
    by: By = None,
) -> None:
    """Take faces out, for good unless restored.

    \b
    faceswap-ae faces drop ada --list drop.txt
    faceswap-ae faces drop ada --where "sharpness<0.2" --where "turned>60"
    faceswap-ae faces drop ada --worst 50 --by sharpness
    """
    from faceswap_ae.faces.folders import face_folder

    session: Session = context.obj
    path = face_folder.find_folder(folder, session.data)
    chosen, _ = _chosen(path, names, list_, where, _count(worst, best, by))
    moved = face_folder.drop(path, chosen)
    where_to = f"into {path / face_folder.DROPPED}, {moved.left} left"
    say(session, f"dropped {counted(moved.count)} {where_to}; faces restore brings them back")


def keep(
    context: typer.Context,
    folder: Folder,
    names: Names = None,
    list_: List = None,
    where: Where = None,
    worst: Worst = None,
    best: Best = None,
    by: By = None,
) -> None:
    """Drop all faces but these.

    \b
    faceswap-ae faces keep ada --best 500 --by sharpness
    faceswap-ae faces keep ada --where "turned<45" --where "size>=128"
    """
    from faceswap_ae.common.errors import UserError
    from faceswap_ae.faces.folders import face_folder

    session: Session = context.obj
    path = face_folder.find_folder(folder, session.data)
    chosen, untold = _chosen(path, names, list_, where, _count(worst, best, by))
    if not chosen:
        raise UserError(f"{path}: no face is like that; nothing was dropped")
    moved = face_folder.keep(path, [*chosen, *untold])
    where_to = f"dropped {moved.count} into {path / face_folder.DROPPED}"
    say(session, f"kept {counted(moved.left)}, {where_to}; faces restore brings them back")


def restore(
    context: typer.Context,
    folder: Folder,
    names: Names = None,
    list_: List = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were dropped.")] = False,
) -> None:
    """Bring dropped faces back.

    \b
    faceswap-ae faces restore ada --all
    faceswap-ae faces restore ada 00012-clip.png
    """
    from faceswap_ae.common.errors import UserError
    from faceswap_ae.faces.folders import face_folder

    session: Session = context.obj
    path = face_folder.find_folder(folder, session.data)
    if bool(names) + bool(list_) + everything != 1:
        raise UserError("say which faces in one way: names, --list or --all")
    wanted = face_folder.read_list(list_) if list_ else names
    moved = face_folder.restore(path, None if everything else wanted)
    say(session, f"restored {counted(moved.count)} to {path}, {moved.left} there now")


def say(session: Session, line: str) -> None:
    """What was done, unless nobody wants to know."""
    if not session.quiet:
        typer.echo(line)


def counted(count: int) -> str:
    """`1 face`, `2 faces`."""
    return f"{count} face{'' if count == 1 else 's'}"


def _chosen(
    path: Path,
    names: Sequence[str] | None,
    list_: Path | None,
    where: Sequence[str] | None,
    extreme: tuple[int, bool, str] | None,
) -> tuple[list[str], list[str]]:
    """The names that are meant, and those of which nothing is known but their names."""
    from faceswap_ae.common.errors import UserError
    from faceswap_ae.faces.folders import face_file, face_folder, sorting

    by_likeness = bool(where) or extreme is not None
    if bool(names) + bool(list_) + by_likeness != 1:
        said = "names, --list, or --where with --worst or --best"
        raise UserError(f"say which faces in one way: {said}")
    if names or list_:
        return face_folder.read_list(list_) if list_ else list(names or ()), []
    conditions = [sorting.parse_condition(text) for text in where or ()]
    entries = face_file.entries(face_folder.check_unpacked(path))
    found = sorting.matching(entries, conditions)
    if extreme is not None:
        count, best, by = extreme
        found = sorting.extreme(found, by, count=count, best=best)
    return [one.name for one in found], [one.name for one in entries if not one.stored]


def _count(worst: int | None, best: int | None, by: str | None) -> tuple[int, bool, str] | None:
    from faceswap_ae.common.errors import UserError

    count = worst or best
    if (worst and best) or bool(count) != bool(by):
        raise UserError("--worst N or --best N goes with --by, as in --worst 50 --by sharpness")
    return (count, best is not None, by) if count and by else None
