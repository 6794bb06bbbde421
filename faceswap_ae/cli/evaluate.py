"""How does `faceswap-ae evaluate` measure how good a finished swap is (metrics)?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.terminal import Session


def run(
    context: typer.Context,
    result: Annotated[Path, typer.Argument(help="The swap: a video.")],
    face: Annotated[Path, typer.Option(help="Whose face: a clip, or a folder of faces.")],
    onto: Annotated[
        Path, typer.Option(help="The clip it was made from; or faces of whom it replaced.")
    ],
    truth: Annotated[
        Path | None, typer.Option(help="The true swap: a folder of synth --as-if, or a clip.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--run", help="The run that made it; else as RESULT.json says."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page; else RESULT.html beside it.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="All figures as JSON, and a page only with --out.")
    ] = False,
) -> None:
    """Measure a swap: whose face it is, how well it performs, how steady it is.

    Each figure stands beside its noise floor. A page to look at is written: a filmstrip, the worst
    frames and why, curves over time.

    \b
    faceswap-ae evaluate swap.mp4 --face ben.mp4 --onto ada.mp4
    faceswap-ae evaluate swap.mp4 --face ben --onto ada.mp4 -o page.html
    faceswap-ae evaluate swap.mp4 --face clips/ben --onto clips/play --truth clips/answer --json
    """
    from faceswap_ae.common.atomic import check_is_no_input
    from faceswap_ae.conversion.report import made_by
    from faceswap_ae.evaluation import html_report
    from faceswap_ae.evaluation.evaluate import evaluate, evaluation_to_json, format_evaluation
    from faceswap_ae.training.runs.run import find_run

    session: Session = context.obj
    maker = find_run(name, session.runs) if name else made_by(result, session.runs)
    page = out or (None if as_json else result.with_name(f"{result.name}.html"))
    face, onto = (_there(one, session.data) for one in (face, onto))
    if page is not None:
        check_is_no_input(page, [result, face, onto])
    found = evaluate(result, face, onto, truth, session.progress)
    if page is not None:
        html_report.write_report(page, found, maker)
    if as_json:
        typer.echo(json.dumps(evaluation_to_json(found), indent=1, allow_nan=False))
        return
    for line in format_evaluation(evaluation_to_json(found)):
        typer.echo(line)
    typer.echo(f"{page}: to look at")


def _there(place: Path, data: Path) -> Path:
    """A path, or a face folder by its name."""
    return data / place if not place.exists() and (data / place).is_dir() else place
