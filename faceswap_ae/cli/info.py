"""How does `faceswap-ae info` show what is in a clip (size, rate, codec, colour, sound)?"""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer


def run(
    clips: Annotated[list[Path], typer.Argument(help="Videos, folders of pictures, globs.")],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object per line.")] = False,
) -> None:
    """Say what is in a clip: size, rate, length, codec, colour, sound.

    \b
    faceswap-ae info clip.mp4
    faceswap-ae info *.mp4 --json
    """
    from faceswap_ae.media import provenance
    from faceswap_ae.media.clip import open_clip

    for path in clips:
        clip = open_clip(path)
        said = provenance.read_clip_marks(clip)
        if as_json:
            facts = {**dataclasses.asdict(clip), "marks": said}
            facts["pictures"] = len(clip.pictures)
            del facts["stamp"]
            typer.echo(json.dumps(facts, default=str))
            continue
        turned = f", turned by {clip.turn * 90} degrees" if clip.turn else ""
        sound = ", ".join(clip.sound) or "none"
        rate, seconds = float(clip.rate), float(clip.duration)
        typer.echo(
            f"{path}: {clip.width}x{clip.height}{turned}, {rate:.6g} frames/s, "
            f"{clip.count} frames, {seconds:.2f} s, {clip.codec} {clip.pixels}, sound: {sound}"
        )
        if said:
            typer.echo(f"  {said.get('comment', 'AI-altered')}")
