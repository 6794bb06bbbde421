"""How does `faceswap-ae convert` put a face into clips and photos?"""

import time
from typing import Any

import typer

from faceswap_ae.cli.options import call, options_of
from faceswap_ae.cli.terminal import Session, remind_of_consent
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.quantities import format_duration
from faceswap_ae.interface.convert_clips import convert


@options_of(convert, ("inputs",), out="--out -o", spare="--not")
def run(context: typer.Context, **given: Any) -> None:
    """Put a face onto the performance in clips and photos, with their sound.

    The face is made by a trained run, or without any training from a folder of faces. Stopped,
    it goes on where it was. What it did to each frame stands in OUT.json, and the output says of
    itself that it was altered. Only for people who agreed.

    \b
    faceswap-ae convert ada.mp4 -o swap.mp4 --run ben-onto-ada
    faceswap-ae convert ada.mp4 -o now.mp4 --face data/ben
    faceswap-ae convert ada.mp4 -o look.png --run ben-onto-ada --still 4.2s --view triptych
    faceswap-ae convert day1/*.mp4 -o swapped/ --run ben-onto-ada
    faceswap-ae convert duet.mp4 -o two.mp4 --run ben-onto-ada --run emil-onto-carl
    """
    session: Session = context.obj
    begin = time.monotonic()
    done = call(convert, session, given)
    session.print(*done.lines, f"{format_duration(time.monotonic() - begin)} in all")
    remind_of_consent()
    if done.failures:
        raise UserError(f"{len(done.failures)} of the inputs gave trouble, as told above")
