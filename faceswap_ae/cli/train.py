"""How does `faceswap-ae train` train a run that puts one person's face onto another's?"""

from typing import Any

import typer

from faceswap_ae.cli.options import call, options_of
from faceswap_ae.cli.terminal import Session
from faceswap_ae.interface.train_run import train


@options_of(train, ("changes",))
def run(context: typer.Context, **given: Any) -> None:
    """Train a run, or go on with it: what was learnt is kept whatever stops it.

    A recipe's stages follow each other by themselves; a run that was stopped goes on in its own.
    Look at runs/NAME/preview.png while it runs; tensorboard --logdir runs shows the curves.

    \b
    faceswap-ae train --face ben --onto ada
    faceswap-ae train --face ben --onto ada --run first-try --minutes 30
    faceswap-ae train --face ben --onto ada --run big --recipe original batch=32
    faceswap-ae train --face ben --onto ada --run again --fork first-try
    faceswap-ae train --face ben --onto ada --run sharp --recipe gan64 --minutes 600
    """
    session: Session = context.obj
    session.print(*call(train, session, given).lines)
