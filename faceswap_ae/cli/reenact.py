"""How does `faceswap-ae reenact` let a photo move as somebody does in a clip?"""

import time
from typing import Any

import typer

from faceswap_ae.cli.options import call, options_of
from faceswap_ae.cli.terminal import Session, remind_of_consent
from faceswap_ae.common.quantities import format_duration
from faceswap_ae.interface.reenact_photo import reenact


@options_of(reenact, out="--out -o")
def run(context: typer.Context, **given: Any) -> None:
    """Let a photo move as somebody does in a clip. Only for people who agreed.

    The photo keeps its hair and its background; pose, expression, gaze and sound are the clip's.
    No training. Stopped, the same command goes on where it was. The output says that it was
    altered.

    \b
    faceswap-ae reenact --face ben.jpg --driver ada.mp4 -o moved.mp4
    """
    session: Session = context.obj
    begin = time.monotonic()
    done = call(reenact, session, given)
    session.print(*done.lines, f"{format_duration(time.monotonic() - begin)} in all")
    remind_of_consent()
