"""How does `faceswap-ae extract` turn videos and photos into a folder of one person's faces?"""

import time
from typing import Any

import typer

from faceswap_ae.cli.options import call, options_of
from faceswap_ae.cli.terminal import Session
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.quantities import format_duration
from faceswap_ae.interface.extract_faces import extract


@options_of(extract, ("inputs",), name="--as", most="--max")
def run(context: typer.Context, **given: Any) -> None:
    """Find the faces of one person and write them to data/NAME, aligned and described.

    Run it again to go on where it stopped; faces that you deleted stay away. Other people and
    false alarms are left out and shown in data/NAME-others.jpg.

    \b
    faceswap-ae extract ada.mp4 --as ada
    faceswap-ae extract holiday/ party.mp4 --as ben --like ben.jpg
    faceswap-ae extract film.mkv --as carl --start 1:02 --end 2:30 --max 2000
    faceswap-ae extract duet.mp4 --as duo --everyone
    """
    session: Session = context.obj
    begin = time.monotonic()
    found = call(extract, session, given)
    session.print(*found.lines, f"{format_duration(time.monotonic() - begin)} in all")
    if found.failures:
        raise UserError(f"{len(found.failures)} of the inputs gave trouble, as told above")
