"""How is a run packed into one zip file, to move it to another machine?

The zip contains the newest sound checkpoint, the recipe, the facts, the log and the preview. It
unpacks into a folder of runs. A light zip leaves out the optimiser's state: it is enough for
conversion and as a start for other runs.
"""

import zipfile
from dataclasses import replace
from pathlib import Path

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.limits import check_is_file
from faceswap_ae.common.zip_check import check_written
from faceswap_ae.training.runs import checkpoint, manifest
from faceswap_ae.training.runs.checkpoint import USED
from faceswap_ae.training.runs.run import Run
from faceswap_ae.version import TOOL


def pack(run: Run, out: Path, *, light: bool = False) -> int:
    """Write the zip, read it again as a check, and return the step of its checkpoint."""
    groups = USED if light else None
    saved = checkpoint.newest(run.checkpoints, groups)
    if saved is None:
        raise UserError(f"{run.folder}: has no checkpoint to pack; train it first")
    if light:
        saved = replace(
            saved, files={name: saved.files[name] for name in USED if name in saved.files}
        )
    beside = [path for path in (run.recipe, run.card, run.log, run.preview) if path.exists()]
    arrays = [saved.place(group) for group in saved.files]
    for path in (*arrays, *beside):
        check_is_file(path)
    with replacing(out) as part:
        with zipfile.ZipFile(part, "w", strict_timestamps=False) as zipped:
            for path in [*arrays, *beside]:
                zipped.write(path, Path(run.name, path.relative_to(run.folder)))
            told = Path(run.name, saved.path.relative_to(run.folder)).as_posix()
            zipped.writestr(told, manifest.format_manifest(saved))
            zipped.comment = TOOL.encode()  # so that it is known for ours (media/ownership.py)
        check_written(part, out)
    return saved.step
