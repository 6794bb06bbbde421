"""How does `faceswap-ae verify` say what a file's marks say of it?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.common.errors import UserError


def run(
    files: Annotated[list[Path], typer.Argument(help="Videos, pictures, folders of pictures.")],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object per line.")] = False,
) -> None:
    """Read the marks of videos and pictures: tags, signature, and watermark in the pixels.

    Files may be of any origin, cut, scaled or encoded again. No mark is no proof that nobody
    altered a file.

    \b
    faceswap-ae verify seen-online.mp4
    faceswap-ae verify *.mp4 *.png --json
    """
    from faceswap_ae.interface.verify_files import verify

    failed = 0
    for path in files:
        done = verify(path)
        failed += len(done.unreadable)
        for line in map(json.dumps, done.to_json()) if as_json else done.lines:
            typer.echo(line)
    if failed:
        raise UserError(f"{failed} of the files could not be read, as told above")
