"""How does `faceswap-ae doctor` say if this machine is ready, and how to repair it?"""

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceswap_ae.cli.terminal import Session

if TYPE_CHECKING:
    from faceswap_ae.runtime.doctor import Report

SIGNS = {"broken": "BROKEN", "slow": "SLOW", "note": "NOTE"}
COLOURS = {"broken": "red", "slow": "yellow", "note": "cyan"}


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what this machine has, what is wrong, and how to mend it.

    Ends with status 1 if something is broken; no GPU is slow, not broken.

    \b
    faceswap-ae doctor
    faceswap-ae doctor --json
    """
    from faceswap_ae.runtime.doctor import examine

    session: Session = context.obj
    report = examine(session.data, session.runs)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(report), indent=2))
    else:
        show(report)
    raise typer.Exit(1 if report.broken else 0)


def show(report: "Report") -> None:
    """The report as lines, what is wrong last, where the eye is."""
    for name, fact in _rows(report).items():
        typer.echo(f"{name:12} {fact}")
    typer.echo()
    for problem in report.problems:
        sign = SIGNS[problem.severity]
        typer.secho(f"{sign}: {problem.what}", fg=COLOURS[problem.severity], bold=True)
        typer.echo(f"    mend: {problem.mend}")
    if not report.broken:
        typer.secho("ready to work", fg="green", bold=True)


def _rows(report: "Report") -> dict[str, str]:
    cpu, backend = report.cpu, report.backend
    missing = [name for name, there in report.codecs.items() if not there]
    found = sum(path is not None for path in report.weights.values())
    also = f", and {report.attention}" if report.attention else ""
    return {
        "faceswap_ae": report.faceswap_ae,
        "python": report.python,
        "system": report.system,
        "backend": _library(backend, f"{backend.get('name')}, keras {backend.get('keras')}"),
        "devices": ", ".join(backend.get("devices", [])) or "none",
        "cpu": f"{cpu['cores']} cores, {cpu['model']}: {' '.join(cpu['features']) or '-'}",
        "memory": f"{report.memory_gib or '?'} GiB, {report.disk_free_gib} GiB of disk free",
        "dlib": _library(report.dlib, "with CUDA" if report.dlib.get("cuda") else "CPU build"),
        "opencv": _library(report.opencv, ""),
        "codecs": f"missing: {', '.join(missing)}" if missing else "all",
        "weights": f"{found} of {len(report.weights)} files{also}",
        **{kind: ", ".join(names) or "none yet" for kind, names in report.plugins.items()},
        **report.folders,
    }


def _library(facts: dict[str, Any], more: str) -> str:
    if "error" in facts:
        return f"does not load ({facts['error']})"
    return f"{facts['version']} {more}".strip()
