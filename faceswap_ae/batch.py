"""How are many clips and photos converted, one after the other, to where?"""

import logging
from collections.abc import Sequence
from pathlib import Path

from faceswap_ae.clip import Clip, open_clip
from faceswap_ae.conversion import Converter, Done, convert_clip
from faceswap_ae.encoding import KINDS
from faceswap_ae.errors import FaceswapError, UserError
from faceswap_ae.inputs import Failure, sources

GIF = ".gif"

log = logging.getLogger(__name__)


def convert(
    converter: Converter, inputs: Sequence[Path], out: Path
) -> tuple[list[Done], list[Failure]]:
    """One input becomes `out`; several, or a folder of them, become files in the folder `out`."""
    paths, failures = sources(inputs)
    for failure in failures:
        log.warning("%s", failure.reason)
    if len(inputs) == 1 and not inputs[0].is_dir() and len(paths) == 1 and out.suffix:
        return [convert_clip(converter, open_clip(paths[0]), out)], failures
    if out.suffix and not out.is_dir():
        raise UserError(f"{out}: is no folder, and {len(paths)} inputs need one; try -o swapped/")
    done = []
    for path in paths:
        try:
            clip = open_clip(path)
            done.append(convert_clip(converter, clip, out / _name(clip, converter)))
        except FaceswapError as error:
            log.warning("%s", error)
            failures.append(Failure(path, str(error)))
    return done, failures


def _name(clip: Clip, converter: Converter) -> str:
    """As the input's, with a suffix that takes the output."""
    if clip.pictures:
        return f"{clip.path.stem}.png"
    suffix = clip.path.suffix.lower()
    fit = (*KINDS[converter.options.encoding.codec].suffixes, GIF)
    return clip.path.stem + (suffix if suffix in fit else fit[0])
