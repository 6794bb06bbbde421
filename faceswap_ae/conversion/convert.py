"""How are many clips and photos converted, one after the other, to where?"""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from faceswap_ae.common.errors import FaceswapError, UserError
from faceswap_ae.common.progress import Progress, no_progress
from faceswap_ae.conversion.converter import Converter, ConvertOptions, convert_clip
from faceswap_ae.conversion.report import ConvertedClip
from faceswap_ae.media import images
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import CODECS
from faceswap_ae.media.inputs import InputFailure, find_inputs

GIF = ".gif"

log = logging.getLogger(__name__)


def convert(
    inputs: Sequence[Path], out: Path, options: ConvertOptions, progress: Progress = no_progress
) -> tuple[list[ConvertedClip], list[InputFailure]]:
    """Put a run's face onto the performance in clips and photos.

    One input becomes `out`; several, or a folder of them, become files in the folder `out`. What
    became of each is returned, and which could not be converted.
    """
    paths, failures = find_inputs(inputs)
    if not paths:
        raise UserError(failures[0].reason)
    for failure in failures:
        log.warning("%s", failure.reason)
    alone = len(inputs) == 1 and not inputs[0].is_dir() and len(paths) == 1
    if alone and (out.suffix or options.frames):
        clip = open_clip(paths[0])
        return [convert_clip(Converter(options, progress), clip, out)], failures
    if out.suffix and not out.is_dir():
        raise UserError(f"{out}: is no folder, and {len(paths)} inputs need one; try -o swapped")
    converter, done = Converter(options, progress), []
    for path, name in zip(paths, _names(paths, options), strict=True):
        try:
            done.append(convert_clip(converter, open_clip(path), out / name))
        except FaceswapError as error:
            log.warning("%s", error)
            failures.append(InputFailure(path, str(error)))
    return done, failures


def _names(paths: Sequence[Path], options: ConvertOptions) -> list[str]:
    """As the inputs', each once: with their folder's name, or a number, where that is needed."""
    plain = [_name(path, options) for path in paths]
    often = {name for name, count in Counter(plain).items() if count > 1}
    told = [
        f"{path.absolute().parent.name}-{name}" if name in often else name
        for path, name in zip(paths, plain, strict=True)
    ]
    seen: Counter[str] = Counter()
    found = []
    for name in told:
        seen[name] += 1
        stem, suffix = Path(name).stem, Path(name).suffix
        found.append(name if seen[name] == 1 else f"{stem}-{seen[name]}{suffix}")
    return found


def _name(path: Path, options: ConvertOptions) -> str:
    """As the input's, with a suffix that takes the output."""
    suffix = path.suffix.lower()
    if suffix in images.READABLE:
        return f"{path.stem}.png"
    if options.frames:
        return path.stem
    fit = (*CODECS[options.encoding.codec].suffixes, GIF)
    return path.stem + (suffix if suffix in fit else fit[0])
