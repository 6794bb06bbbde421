"""How does `faceswap-ae faces` show, sort, clean, pack and move face folders?"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceswap_ae.cli import faces_select, faces_transfer
from faceswap_ae.cli.faces_select import Folder, Where, counted, say
from faceswap_ae.cli.options import Overwrite
from faceswap_ae.cli.terminal import Session
from faceswap_ae.common.quantities import format_count

if TYPE_CHECKING:
    from faceswap_ae.faces.folders.face_file import FaceEntry
    from faceswap_ae.faces.folders.statistics import FolderStatistics

HELP = """Look at face folders, sort them, clean them, carry them about.

A folder is named by its path (data/ada) or, if it lies in --data, by its name (ada).
Dropped faces go to .dropped/ inside it and are never extracted again.

\b
faceswap-ae faces show ada -o ada.html         mark in a browser what is to be dropped
faceswap-ae faces drop ada --list drop.txt
faceswap-ae faces keep ada --best 500 --by sharpness
faceswap-ae faces sort ada --by similarity
"""
app = typer.Typer(
    help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)


def show(
    context: typer.Context,
    folder: Folder,
    out: Annotated[Path | None, typer.Option("-o", "--out", help=".html, .png or .jpg.")] = None,
    by: Annotated[str | None, typer.Option(help="In which order; see sort.")] = None,
    where: Where = None,
    most: Annotated[int | None, typer.Option(min=1, help="Faces shown at most.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object per face.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Say what is in a folder, or show it on a page.

    \b
    faceswap-ae faces show ada
    faceswap-ae faces show ada -o ada.html
    faceswap-ae faces show ada -o blurred.png --where "sharpness<0.2" --by yaw
    """
    from faceswap_ae.faces.folders import archive, sorting
    from faceswap_ae.faces.folders.face_folder import find_folder
    from faceswap_ae.faces.folders.statistics import folder_statistics, ranges

    session: Session = context.obj
    path = find_folder(folder, session.data)
    every = entries = archive.entries(path)
    if where:
        entries = sorting.matching(every, [*map(sorting.parse_condition, where)])
    if by is not None:
        entries = sorting.ordered(entries, by)
    if as_json:
        for entry in entries:
            typer.echo(json.dumps(_measured(entry)))
    elif out is None:
        _print_statistics(path, folder_statistics(path, every))
        if where:
            typer.echo(f"{counted(len(entries))} with {' and '.join(where)}")
        _print_ranges(ranges(entries))
    else:
        _draw(session, path, entries, _Page(out, most, overwrite))


def sort(
    context: typer.Context,
    folder: Folder,
    by: Annotated[
        str, typer.Option(help="sharpness, yaw, pitch, size, ..., similarity or time.")
    ] = "similarity",
    like: Annotated[str | None, typer.Option(help="similarity to this face.")] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
) -> None:
    """Number the faces in an order.

    The numbers stand before the names and are replaced by sorting again.
    Best first for sharpness, size, score, turned, nodded, occlusion and misfit; from low to high
    for the others.

    \b
    faceswap-ae faces sort ada --by sharpness
    faceswap-ae faces sort ada --by similarity --like 00012-clip.png
    """
    from faceswap_ae.faces.folders import face_folder

    session: Session = context.obj
    path = face_folder.find_folder(folder, session.data)
    count = face_folder.sort(path, by, like, backwards=reverse)
    say(session, f"numbered {counted(count)} of {path} by {by}{', reversed' if reverse else ''}")


def realign(
    context: typer.Context,
    face: Annotated[str, typer.Argument(help="A face's PNG; or a folder, with --landmarks.")],
    points: Annotated[
        Path | None, typer.Argument(help="JSON: 68 of [x, y] in the PNG's pixels.")
    ] = None,
    landmarks: Annotated[
        str | None, typer.Option(help="Find all of a folder's anew: mesh, dlib.")
    ] = None,
) -> None:
    """Align a face anew by corrected landmarks, or find a folder's landmarks anew.

    \b
    faceswap-ae faces realign data/ada/clip-000012.png points.json
    faceswap-ae faces realign ada --landmarks mesh
    """
    from faceswap_ae.common.errors import UserError
    from faceswap_ae.faces.folders.realignment import read_points
    from faceswap_ae.faces.folders.realignment import realign as align_anew

    if landmarks is not None:
        _refit(context.obj, face, landmarks)
    elif points is None:
        raise UserError(f"{face}: give its landmarks in a JSON, or a folder and --landmarks mesh")
    else:
        done = align_anew(Path(face), read_points(points))
        mirrored = f"{done.mirrored:.0%} of it mirrored"
        say(context.obj, f"realigned {face}, {mirrored}; as it was, it is {done.kept}")


def _refit(session: Session, named: str, landmarks: str) -> None:
    from faceswap_ae.common.errors import UserError, unknown
    from faceswap_ae.faces.folders import face_folder
    from faceswap_ae.faces.record import LANDMARKERS

    if landmarks not in LANDMARKERS:
        raise UserError(unknown("kind of landmarks", landmarks, LANDMARKERS))
    from faceswap_ae.faces.detection.refit import refit

    path = face_folder.find_folder(named, session.data)
    with session.progress("realign", 0) as told:
        done = refit(path, landmarks, told)
    beside = {"had them": done.there, "without a face, dropped": done.dropped}
    rest = "".join(f", {count} {what}" for what, count in beside.items() if count)
    say(session, f"{path}: landmarks by {landmarks} for {counted(done.refitted)}{rest}")


def _print_statistics(path: Path, found: "FolderStatistics") -> None:
    sources = ", ".join(found.sources[:3]) + (", ..." if len(found.sources) > 3 else "")
    clips, tracks = format_count(len(found.sources), "clip"), format_count(found.tracks, "track")
    of = f" of {clips} ({sources}), {tracks}" if sources else ""
    beside = {"without face data": found.untold, "painted masks": found.masks}
    beside |= {"dropped": found.dropped, "skipped": found.skipped}
    rest = "".join(f", {count} {what}" for what, count in beside.items() if count)
    typer.echo(f"{path}: {counted(found.faces)}{of}{rest}")


def _print_ranges(found: dict[str, tuple[float, float, float]]) -> None:
    if found:
        typer.echo(f"{'':11} {'least':>8} {'middle':>8} {'most':>8}")
    for name, numbers in found.items():
        typer.echo(f"{name:11} " + " ".join(f"{number:8.4g}" for number in numbers))


def _measured(entry: "FaceEntry") -> dict[str, Any]:
    from faceswap_ae.faces.folders.sorting import MEASURES

    face = entry.stored.face if entry.stored else None
    told = {name: round(float(one.of(face)), 4) for name, one in MEASURES.items()} if face else {}
    ids = {"id": face.id, "source": face.source} if face else {}
    return {"name": entry.name, **ids, **told}


@dataclass(frozen=True)
class _Page:
    """What is drawn: where to, how many faces at most, and whether over anybody's file."""

    out: Path
    most: int | None
    overwrite: bool


def _draw(session: Session, path: Path, entries: "Sequence[FaceEntry]", page: _Page) -> None:
    from faceswap_ae.common.errors import UserError
    from faceswap_ae.faces.folders import contact_sheet, gallery
    from faceswap_ae.media.ownership import check_may_replace

    out, most = page.out, page.most
    if not entries:
        raise UserError(f"{path}: has no faces to show")
    suffix = out.suffix.lower()
    if suffix == ".html":
        check_may_replace(out, overwrite=page.overwrite)
        with session.progress("show", min(len(entries), most or gallery.MOST)) as told:
            shown = gallery.write_gallery(path, entries, out, most or gallery.MOST, told)
        written = f"{out}; open it in a browser"
    elif suffix in (".png", ".jpg", ".jpeg"):
        most = most or contact_sheet.MOST
        for place in contact_sheet.page_paths(out, min(len(entries), most)):
            check_may_replace(place, overwrite=page.overwrite)
        pages = contact_sheet.write_sheet(path.name, entries, out, most)
        shown, written = min(len(entries), most), ", ".join(map(str, pages))
    else:
        raise UserError(f"{out}: faces are shown as .html, .png or .jpg")
    some = f"{shown} of {counted(len(entries))}, evenly chosen (--most shows more),"
    say(session, f"{counted(shown) if shown == len(entries) else some} in {written}")


# In the order of --help. Each is a subcommand of `faces`.
COMMANDS: dict[str, Callable[..., None]] = {
    "show": show,
    "sort": sort,
    "drop": faces_select.drop,
    "keep": faces_select.keep,
    "restore": faces_select.restore,
    "import": faces_transfer.bring,
    "merge": faces_transfer.merge,
    "split": faces_transfer.split,
    "pack": faces_transfer.pack,
    "unpack": faces_transfer.unpack,
    "realign": realign,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
