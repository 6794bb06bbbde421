"""How does `faceswap-ae synth` render a clip of synthetic people, with its ground truth?"""

from typing import Any

import typer

from faceswap_ae.cli.options import call, options_of
from faceswap_ae.cli.terminal import Session
from faceswap_ae.interface.synth_clip import synth


@options_of(synth, ("out",), company="--with")
def run(context: typer.Context, **given: Any) -> None:
    """Render a performance of somebody who does not exist, with sound and truth.

    \b
    faceswap-ae synth clips/ada --who ada --seconds 10
    faceswap-ae synth clips/truth --who ada --as-if ben --lossless   the swap's exact answer
    faceswap-ae synth clips/both --who ada --with carl --occlude --cut
    faceswap-ae synth kim.png --who random:7 --photo                 a portrait
    """
    session: Session = context.obj
    session.print(*call(synth, session, given).lines)
