"""How does `faceswap-ae swap` make a swap from two clips in one go?"""

import time
from typing import Any

import typer

from faceswap_ae.cli.options import call, options_of
from faceswap_ae.cli.terminal import Session, remind_of_consent
from faceswap_ae.common.quantities import format_duration
from faceswap_ae.interface.swap_clips import swap


@options_of(swap, ("changes",), out="--out -o")
def run(context: typer.Context, **given: Any) -> None:
    """Extract, train, convert and evaluate in one go. Only for people who agreed.

    A first swap, without training, is made at once; the trained one replaces it. Stopped anywhere,
    the same command goes on there. All its work lies in OUT.work/, with a report to look at and
    a log; a longer --minutes trains on and makes the result anew.

    \b
    faceswap-ae swap --face ben.mp4 --onto ada.mp4 -o swap.mp4
    faceswap-ae swap --face ben.mp4 --onto ada.mp4 -o swap.mp4 --minutes 60
    faceswap-ae swap --face ben.jpg --onto ada.mp4 -o now.mp4 --instant
    """
    session: Session = context.obj
    begin = time.monotonic()
    done = call(swap, session, given)
    session.print(*done.lines, f"{format_duration(time.monotonic() - begin)} in all")
    remind_of_consent()
