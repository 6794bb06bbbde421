"""How does `faceswap-ae verify` say what a file's marks say of it?"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from faceswap_ae.cli.options import call, options_of
from faceswap_ae.cli.terminal import Session
from faceswap_ae.common.errors import UserError
from faceswap_ae.interface.verify_files import verify


@options_of(verify, ("files",))
def run(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object per line.")] = False,
    **given: Any,
) -> None:
    """Read the marks of videos and pictures: tags, signature, and watermark in the pixels.

    Files may be of any origin, cut, scaled or encoded again. Of a folder, each file is looked at by
    itself; only pictures of one size that are numbered without a gap count as frames of one clip.
    No mark is no proof that nobody altered a file.

    \b
    faceswap-ae verify seen-online.mp4
    faceswap-ae verify *.mp4 *.png --json
    faceswap-ae verify news.mp4 --trust signers.pem
    """
    from faceswap_ae.marks.samples import find_files

    session: Session = context.obj
    failed = 0
    for path in find_files(map(Path, given["files"])):
        done = call(verify, session, {**given, "files": path})
        failed += len(done.unreadable)
        for line in map(json.dumps, done.to_json()) if as_json else done.lines:
            typer.echo(line)
    if failed:
        raise UserError(f"{failed} of the files could not be read, as told above")
