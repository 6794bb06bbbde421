"""How does `faceswap-ae runs` list training runs, with their progress and disk use?

It also packs a run into a zip, and deletes a run.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceswap_ae.cli.options import Overwrite
from faceswap_ae.cli.terminal import Session, printable
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.limits import read_whole

if TYPE_CHECKING:
    from faceswap_ae.training.runs.manifest import CheckpointManifest
    from faceswap_ae.training.runs.run import Run

HELP = """Look at training runs, pack them, remove them.

A run is named by its name in --runs (ben-ada) or by its path (runs/ben-ada).

\b
faceswap-ae runs list
faceswap-ae runs show ben-ada
faceswap-ae runs pack ben-ada --light
"""
Name = Annotated[str, typer.Argument(metavar="RUN", help="A run: ben-ada, or runs/ben-ada.")]
AsJson = Annotated[bool, typer.Option("--json", help="A JSON object per run.")]
app = typer.Typer(
    help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)


def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """All runs: whose face onto whom, the model, how far, how large.

    \b
    faceswap-ae runs list
    faceswap-ae runs list --json
    """
    from faceswap_ae.training.runs.run import list_runs

    session: Session = context.obj
    rows = [_summary(run) for run in list_runs(session.runs)]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
    elif rows:
        _print_table([_COLUMNS, *map(_cells, rows)])
    else:
        typer.echo(f"{session.runs}: no runs yet")


def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """One run: its checkpoints, its last losses, its recipe.

    \b
    faceswap-ae runs show ben-ada
    """
    from faceswap_ae.training.runs import checkpoint, metric_log
    from faceswap_ae.training.runs.run import find_run

    session: Session = context.obj
    run = find_run(name, session.runs)
    row, log = _summary(run), metric_log.read(run.log)
    saved = checkpoint.listed(run.checkpoints)
    kept = checkpoint.listed(run.checkpoints, "snapshot")
    losses = dict(log[-1].losses) if log else {}
    if as_json:
        steps = {
            "checkpoints": [one.step for one in saved],
            "snapshots": [one.step for one in kept],
        }
        typer.echo(json.dumps({**row, **steps, "losses": losses}))
        return
    facts = run.facts
    typer.echo(f"{run.folder}: {facts.face} onto {facts.onto}, crop {facts.crop}")
    typer.echo(f"model {facts.model}, trainer {facts.trainer}, begun {_time(facts.created)}")
    if facts.origin:
        typer.echo(f"from the weights of {facts.origin}")
    typer.echo(f"step {row['step']}, {_size(row)} on disk, last change {_time(row['changed'])}")
    for what, found in (("checkpoints", saved), ("snapshots", kept)):
        _print_saved(what, found)
    if log:
        told = ", ".join(f"{key} {value:.4g}" for key, value in losses.items())
        typer.echo(f"\nlosses at step {log[-1].step}: {told}")
    recipe = read_whole(run.recipe).decode(errors="replace")
    typer.echo(f"\n{run.recipe}:\n{printable(recipe).rstrip()}")


def pack(
    context: typer.Context,
    name: Name,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Else RUN.zip beside it.")] = None,
    light: Annotated[bool, typer.Option("--light", help="Without the optimiser.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Write the newest checkpoint, recipe and log of a run into one zip.

    Unzipped among the runs of another machine it goes on there; a light one begins its optimiser
    anew.

    \b
    faceswap-ae runs pack ben-ada
    faceswap-ae runs pack ben-ada -o ben-ada-light.zip --light
    """
    from faceswap_ae.common.quantities import format_bytes
    from faceswap_ae.media.ownership import check_may_replace
    from faceswap_ae.training.runs import bundle
    from faceswap_ae.training.runs.run import find_run

    session: Session = context.obj
    run = find_run(name, session.runs)
    target = out or run.folder.with_name(f"{run.name}.zip")
    check_may_replace(target, overwrite=overwrite)
    step = bundle.pack(run, target, light=light)
    if not session.quiet:
        size = format_bytes(target.stat().st_size)
        typer.echo(f"packed {run.folder} at step {step} into {target}, {size}")


def rm(
    context: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Really; there is no way back.")] = False,
) -> None:
    """Delete a run with all that it learnt.

    \b
    faceswap-ae runs rm ben-ada --yes
    """
    from faceswap_ae.training.runs.run import find_run, remove_run

    session: Session = context.obj
    run = find_run(name, session.runs)
    row = _summary(run)
    if not yes:
        told = f"{run.folder}: {row['face']} onto {row['onto']}, step {row['step']}, {_size(row)}"
        raise UserError(f"{told}, would be gone for good; say --yes to delete it")
    remove_run(run)
    if not session.quiet:
        typer.echo(f"deleted {run.folder}, {_size(row)}")


_COLUMNS = ("run", "face", "onto", "model", "trainer", "step", "size", "last change")


def _summary(run: "Run") -> dict[str, Any]:
    from faceswap_ae.runtime.disk import last_change, used_bytes
    from faceswap_ae.training.runs import checkpoint

    try:
        facts = run.facts
        known = {key: getattr(facts, key) for key in ("face", "onto", "model", "trainer")}
    except UserError:  # a damaged run; the others are listed all the same
        known = dict.fromkeys(("face", "onto", "model", "trainer"), "?")
    saved = checkpoint.listed(run.checkpoints)
    took = {"size": used_bytes([run.folder]), "changed": last_change(run.folder)}
    return {"name": run.name, **known, "step": saved[0].step if saved else 0, **took}


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    told = [str(row[key]) for key in ("name", "face", "onto", "model", "trainer", "step")]
    return (*told, _size(row), _time(row["changed"]))


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, _COLUMNS, strict=True)
        line = (
            cell.rjust(width) if name in ("step", "size") else cell.ljust(width)
            for cell, width, name in cells
        )
        typer.echo("  ".join(line).rstrip())


def _print_saved(what: str, found: "Sequence[CheckpointManifest]") -> None:
    from faceswap_ae.common.quantities import format_bytes

    if found:
        typer.echo(f"\n{what}:")
    for one in found:
        typer.echo(f"  step {one.step}, {format_bytes(one.size)}, {_time(one.time)}")


def _size(row: dict[str, Any]) -> str:
    from faceswap_ae.common.quantities import format_bytes

    return format_bytes(row["size"])


def _time(when: float | str) -> str:
    """The local time of seconds since 1970, or of an ISO 8601 date."""
    from datetime import datetime

    try:
        if isinstance(when, str):
            found = datetime.fromisoformat(when)
        else:
            found = datetime.fromtimestamp(when)
        return found.astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "unknown"


# In the order of --help. Each is a subcommand of `runs`.
COMMANDS: dict[str, Callable[..., None]] = {"list": list_, "show": show, "pack": pack, "rm": rm}
for name, command in COMMANDS.items():
    app.command(name)(command)
