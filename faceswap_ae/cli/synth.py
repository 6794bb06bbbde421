"""How does `faceswap-ae synth` render a clip of synthetic people, with its ground truth?"""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.terminal import Session


def run(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="Folder for clip, face-mask.mkv and truth.json.")],
    who: Annotated[str, typer.Option(help="ada ben carl dina emil fatou, or random:7.")] = "ada",
    as_if: Annotated[str | None, typer.Option(help="Whose face they have: the truth.")] = None,
    truth: Annotated[str, typer.Option(help="features (brows to chin) or face.")] = "features",
    company: Annotated[str | None, typer.Option("--with", help="A second person.")] = None,
    seconds: Annotated[str, typer.Option(help="Length.")] = "10",
    fps: Annotated[str, typer.Option(help="Frames per second.")] = "15",
    size: Annotated[str, typer.Option(help="Width x height.")] = "480x360",
    seed: Annotated[int, typer.Option(min=0, help="Of the performance.")] = 0,
    occlude: Annotated[bool, typer.Option("--occlude", help="Something crosses the face.")] = False,
    cut: Annotated[bool, typer.Option("--cut", help="Another place from the middle on.")] = False,
    lossless: Annotated[bool, typer.Option("--lossless", help="clip.mkv, FFV1.")] = False,
) -> None:
    """Render a performance of somebody who does not exist, with sound and truth.

    \b
    faceswap-ae synth clips/ada --who ada --seconds 10
    faceswap-ae synth clips/truth --who ada --as-if ben --lossless   the swap's exact answer
    faceswap-ae synth clips/both --who ada --with carl --occlude --cut
    """
    from faceswap_ae.media.span import parse_rate, parse_time
    from faceswap_ae.synthetic.film import Film, shoot
    from faceswap_ae.synthetic.people import truth_named
    from faceswap_ae.synthetic.scene import parse_size

    session: Session = context.obj
    film = Film(
        who,
        as_if,
        truth_named(truth),
        company,
        parse_time(seconds),
        parse_rate(fps),
        parse_size(size),
        seed,
        occlude,
        cut,
    )
    with session.progress("synth", film.count) as advance:
        files = shoot(film, out, advance, lossless=lossless)
    if not session.quiet:
        for path in files:
            typer.echo(path)
