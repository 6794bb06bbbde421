"""How does `faceswap-ae preview` draw again what a run can do so far?"""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.options import Overwrite
from faceswap_ae.cli.terminal import Session


def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A run, by its name or its path.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Where to; else the run's preview.png.")
    ] = None,
    onto: Annotated[
        str | None, typer.Option(help="Whose faces, if they are not in data/ any more.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, max=40, help="Faces shown.")] = 6,
    overwrite: Overwrite = False,
) -> None:
    """Draw rows of onto's face | reconstruction | swap | owner's nearest face | mask, as it is now.

    \b
    faceswap-ae preview ben-onto-ada
    faceswap-ae preview runs/ben-onto-ada -o now.png --rows 12
    """
    from faceswap_ae.faces.folders import face_folder
    from faceswap_ae.media import images
    from faceswap_ae.media.ownership import check_may_replace
    from faceswap_ae.runtime.backend import load_keras
    from faceswap_ae.training.runs.run import find_run

    session: Session = context.obj
    found = find_run(name, session.runs)
    written = out or found.preview
    check_may_replace(written, overwrite=overwrite or out is None)
    load_keras()
    from faceswap_ae.training.trained_run import draw_run_preview

    facts, data = found.facts, session.data
    owner, target = (face_folder.find_folder(one, data) for one in (facts.face, onto or facts.onto))
    picture = draw_run_preview(found, owner, target, rows)
    images.write(written, picture)
    if not session.quiet:
        typer.echo(written)
