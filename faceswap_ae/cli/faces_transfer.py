"""How do `faceswap-ae faces import`, `merge`, `split`, `pack` and `unpack` move faces?

They copy faces into folders, into zips and out of zips.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faceswap_ae.cli.faces_select import Folder, counted, say
from faceswap_ae.cli.terminal import Session

if TYPE_CHECKING:
    from faceswap_ae.faces.folders.merging import MergeResult

log = logging.getLogger(__name__)

Out = Annotated[str, typer.Option("-o", "--out", help="A face folder, new or not.")]


def merge(
    context: typer.Context,
    sources: Annotated[list[str], typer.Argument(help="Face folders or their zips.")],
    out: Out,
) -> None:
    """Copy faces into one folder, none twice.

    What was dropped in a source is known there too, and stays dropped.

    \b
    faceswap-ae faces merge ada ada-holiday -o ada-all
    """
    from faceswap_ae.faces.folders import face_folder, merging

    session: Session = context.obj
    paths = [face_folder.find_folder(source, session.data) for source in sources]
    into = face_folder.folder_path(out, session.data)
    with session.progress("merge", 0) as told:
        merged = merging.merge(paths, into, told)
    say(session, _became(merged, into))


def bring(
    context: typer.Context,
    places: Annotated[list[Path], typer.Argument(help="Files and folders of such a set.")],
    name: Annotated[str, typer.Option("--as", help="The person: faces go to data/NAME.")],
    crop: Annotated[str, typer.Option(help="Largest crop kept: whole, head.")] = "whole",
) -> None:
    """Take over faces that DeepFaceLab or faceswap extracted.

    Their JPGs, faceset.pak, PNGs, and .fsa with the frames or the video that it is about. Nothing
    in these files is run. Importing again adds what is new.

    \b
    faceswap-ae faces import workspace/data_src/aligned --as ben
    faceswap-ae faces import faceset.pak --as ben
    faceswap-ae faces import alignments.fsa clip.mp4 --as ben
    """
    from faceswap_ae.common.errors import UserError
    from faceswap_ae.extraction.importers.import_faces import import_faces
    from faceswap_ae.faces.detection.recogniser import describe_one
    from faceswap_ae.faces.folders import face_folder

    session: Session = context.obj
    into = face_folder.named_folder(name, session.data)
    with session.progress("import", 0) as told:
        done = import_faces(places, into, describe_one, crop, told)
    for line in done.lines:
        log.warning("%s", line)
    beside = {"there before": done.there, "dropped before": done.dropped, "masks": done.masks}
    rest = "".join(f", {count} {what}" for what, count in beside.items() if count)
    say(session, f"{into}: {done.added} new faces{rest}")
    if done.refused or not (done.added or done.there or done.dropped):
        raise UserError(f"{into}: some of the files gave no face, as told above")


def split(
    context: typer.Context,
    folder: Folder,
    by: Annotated[str, typer.Option(help="person, track or source (the clip).")] = "person",
    least: Annotated[int, typer.Option(min=1, help="Smaller groups get no folder.")] = 1,
) -> None:
    """Copy each person's faces into a folder.

    ada-1 gets the most faces, then ada-2, ...; the folder itself stays as it is.

    \b
    faceswap-ae faces split ada
    faceswap-ae faces split ada --by source --least 10
    """
    from faceswap_ae.faces.folders import face_folder, merging

    session: Session = context.obj
    path = face_folder.find_folder(folder, session.data)
    with session.progress("split", 0) as told:
        groups = merging.split(path, by, least, told)
    for out, group in groups:
        say(session, f"{out}: {counted(len(group.entries))}, {group.what}")


def pack(context: typer.Context, folder: Folder) -> None:
    """Write a folder into one zip beside it.

    Faces, masks and journal; the dropped faces stay behind, the folder as it is.

    \b
    faceswap-ae faces pack ada
    """
    from faceswap_ae.faces.folders import face_folder, packing

    session: Session = context.obj
    path = face_folder.find_folder(folder, session.data)
    with session.progress("pack", 0) as told:
        out, count = packing.pack(path, told)
    size = f"{out.stat().st_size / 1e6:.1f} MB"
    say(session, f"packed {counted(count)} into {out}, {size}; {path} stays as it is")


def unpack(
    context: typer.Context,
    zipped: Annotated[str, typer.Argument(metavar="ZIP", help="data/ada.zip, or ada.")],
    out: Annotated[str | None, typer.Option("-o", "--out", help="Else the zip's name.")] = None,
) -> None:
    """Bring the faces of a zip into a folder.

    What is there already, or was dropped there, stays so.

    \b
    faceswap-ae faces unpack data/ada.zip
    faceswap-ae faces unpack ada.zip -o ada-again
    """
    from faceswap_ae.faces.folders import face_file, face_folder, packing

    session: Session = context.obj
    path = face_file.zip_of(face_folder.find_folder(zipped, session.data))
    into = face_folder.folder_path(out, session.data) if out else path.with_suffix("")
    with session.progress("unpack", 0) as told:
        merged = packing.unpack(path, into, told)
    say(session, _became(merged, into))


def _became(merged: "MergeResult", out: Path) -> str:
    there = f"; {merged.there} there already" if merged.there else ""
    dropped = f"; {merged.dropped} dropped there before, left out" if merged.dropped else ""
    return f"added {counted(merged.added)} to {out}{there}{dropped}"
