"""How are commands run from the command line: their common options, and their errors?

An error becomes one line on stderr and an exit status: 2 if the user has to change something, 1 if
the machine or the program failed, 130 after Ctrl-C. `--debug` shows the traceback. Each command is
a file in `cli/`. What a command needs is imported when it runs, so that --help is quick.
"""

import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from faceswap_ae import __version__
from faceswap_ae.cli import (
    anonymise,
    convert,
    cut,
    demo,
    doctor,
    evaluate,
    extract,
    faces,
    fetch,
    info,
    models,
    preview,
    reenact,
    runs,
    side,
    swap,
    synth,
    terminal,
    train,
    tune,
    verify,
)
from faceswap_ae.common.errors import FaceswapError

# Options of every command, before or after its name, and the number of values after each option.
EVERYWHERE = {"--quiet": 0, "-q": 0, "--debug": 0, "--data": 1, "--runs": 1, "--plugins": 1}
LONGEST = 200  # characters of a file's name in a message
INTERRUPTED = 130  # the exit status of shells for Ctrl-C
EPILOG = "Every command takes --quiet, --data DIR, --runs DIR, --plugins DIR and --debug."

app = typer.Typer(
    name="faceswap-ae",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
OWN = (demo, doctor, swap, reenact, anonymise, extract, train, convert, evaluate, preview, tune)
MORE = (fetch, info, verify, cut, side, synth)
for command in (*OWN, *MORE):
    name = command.__name__.rpartition(".")[2]
    app.command(name, epilog=EPILOG)(command.run)
app.add_typer(faces.app, name="faces", epilog=EPILOG)
app.add_typer(runs.app, name="runs", epilog=EPILOG)
app.add_typer(models.app, name="models", epilog=EPILOG)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"faceswap_ae {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only warnings, no progress.")
    ] = False,
    data: Annotated[Path, typer.Option(help="Where the face folders are.")] = Path("data"),
    runs: Annotated[Path, typer.Option(help="Where training runs are.")] = Path("runs"),
    plugins: Annotated[
        Path | None, typer.Option(help="A folder whose models/ and trainers/ count too.")
    ] = None,
    # `main` reads --debug itself.
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,  # noqa:ARG001
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Trainable face swapping, for people who agreed to it.

    \b
    faceswap-ae demo                          a swap between two people who do not exist, measured
    faceswap-ae swap --face ben.mp4 --onto ada.mp4 -o swap.mp4     everything in one go
    faceswap-ae swap --face ben.jpg --onto ada.mp4 -o now.mp4 --instant     without training
    faceswap-ae reenact --face ben.jpg --driver ada.mp4 -o moved.mp4        the photo moves
    faceswap-ae anonymise meeting.mp4 -o hidden     nobody in it is recognised
    faceswap-ae doctor                        is this machine ready, and how to mend it
    faceswap-ae extract ada.mp4 --as ada      the faces of a person, from videos and photos
    faceswap-ae faces show ada                what a face folder holds; --help: sort, drop, pack
    faceswap-ae train --face ben --onto ada   learn to put ben's face onto ada's performance
    faceswap-ae convert ada.mp4 -o swap.mp4 --run ben-onto-ada
    faceswap-ae tune ada.mp4 --run ben-onto-ada     a picture of convert's choices
    faceswap-ae evaluate swap.mp4 --face ben.mp4 --onto ada.mp4    how good a swap is
    faceswap-ae preview ben-onto-ada          what a run can do by now
    faceswap-ae runs list                     training runs: how far, how large
    faceswap-ae models                        models and trainers, sizes and costs
    faceswap-ae info clip.mp4                 what is in a clip
    faceswap-ae cut clip.mp4 -o part.mp4 --start 4.2s --end 1:10
    faceswap-ae side a.mp4 b.mp4 -o both.mp4
    faceswap-ae synth clips/ada --who ada     a clip of somebody who does not exist
    """
    terminal.show_log(quiet=quiet)
    if plugins is not None:
        from faceswap_ae.common.plugins import add_folder

        add_folder(plugins)
    context.obj = terminal.Session(quiet, data, runs)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status = int(app(hoisted(words), standalone_mode=False, prog_name="faceswap-ae") or 0)
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except FaceswapError as error:
        return _failed(str(error), error.status, words)
    except Exception as error:  # noqa: BLE001 - here every error becomes one line
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stdout.write(f"{error.format_message()}\n")  # type: ignore[attr-defined]
            return 2
        return _failed(*_explained(error), words)
    return _failed("stopped", status, []) if status == INTERRUPTED else status


def hoisted(words: Sequence[str]) -> list[str]:
    """Bring the options of every command to the front, where typer looks for them."""
    front: list[str] = []
    rest: list[str] = []
    queue = list(words)
    while queue and queue[0] != "--":
        word = queue.pop(0)
        count = EVERYWHERE.get(word.partition("=")[0])
        values = 0 if "=" in word else count or 0
        if count is None or len(queue) < values:
            rest.append(word)
        else:
            front += [word, *queue[:values]]
            del queue[:values]
    return [*front, *rest, *queue]


def _explained(error: Exception) -> tuple[str, int]:
    """The line and the status of an error that is none of ours."""
    if hasattr(error, "format_message"):  # an error of typer, which does not export its class
        return _usage(error), 2
    if isinstance(error, OSError) and error.filename is not None:  # a file that cannot be read
        name = str(error.filename)
        shown = name if len(name) < LONGEST else f"{name[:LONGEST]}..."
        return f"{shown}: {error.strerror}; check its name, its kind and its permissions", 2
    return f"{type(error).__name__}: {error} (a fault of ours; --debug shows where)", 1


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "faceswap-ae"
    return f"{' '.join(error.format_message().split())} (see {where} --help)"


def _failed(line: str, status: int, words: Sequence[str]) -> int:
    if "--debug" in words:
        traceback.print_exc()
    sys.stderr.write(f"faceswap-ae: {' '.join(terminal.printable(line).splitlines())}\n")
    return status


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # SIGTERM, which batch systems send first, cleans up as Ctrl-C does.
    raise KeyboardInterrupt
