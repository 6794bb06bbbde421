"""How does `faceswap-ae anonymise` make the people of clips unrecognisable?"""

from typing import Any

import typer

from faceswap_ae.cli.options import call, options_of
from faceswap_ae.cli.terminal import Session
from faceswap_ae.common.errors import UserError
from faceswap_ae.interface.anonymise_clips import anonymise


@options_of(anonymise, ("inputs",), out="--out -o", faces="--as")
def run(context: typer.Context, **given: Any) -> None:
    """Replace every face of every frame by that of somebody who does not exist.

    Movements of lips, face, eyes and body stay. A face that is found but cannot be swapped is
    covered. Another detector looks over each output; what it finds is covered too. An output that
    may still show somebody keeps the name .unchecked, and its report says which frames. The same
    person gets the same new face in all clips of a call. Stopped, the same command goes on there.

    \b
    faceswap-ae anonymise meeting.mp4 -o hidden
    faceswap-ae anonymise day1/ day2/ -o hidden --voice change --table who.json
    faceswap-ae anonymise one.mp4 two.mp4 -o hidden --as kim.png --as lou.png
    faceswap-ae anonymise street.mp4 -o hidden --method blocks --voice drop
    """
    session: Session = context.obj
    done = call(anonymise, session, given)
    session.print(*done.lines)
    if done.failures or not all(one.published for one in done.files):
        count = len(done.failures) + sum(not one.published for one in done.files)
        raise UserError(f"{count} of the outputs are missing or in doubt, as told above")
