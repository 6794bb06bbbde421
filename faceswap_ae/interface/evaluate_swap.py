"""`evaluate`: how good is a finished swap (metrics)?"""

import json
import os
from glob import has_magic
from pathlib import Path

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.interface.arguments import AnyPath, as_path
from faceswap_ae.interface.calls import public
from faceswap_ae.interface.progress_bars import ProgressFunction, choose_display
from faceswap_ae.interface.results import EvaluateResult


@public
def evaluate(
    result: AnyPath,
    face: AnyPath,
    onto: AnyPath,
    *,
    truth: AnyPath | None = None,
    run: AnyPath | None = None,
    out: AnyPath | None = None,
    page: bool = True,
    landmarks: str = "mesh",
    overwrite: bool = False,
    data: AnyPath = "data",
    runs: AnyPath = "runs",
    progress: bool | ProgressFunction = True,
) -> EvaluateResult:
    """Measure a swap: whose face it is, how well it performs, how steady it is.

    Each figure stands beside its noise floor. A page to look at is written: a filmstrip, the worst
    frames and why, curves over time.

    >>> found = evaluate("swap.mp4", face="clips/ben/clip.mp4", onto="clips/ada/clip.mp4")
    >>> found.report
    PosixPath('swap.mp4.html')
    >>> [name for name in sorted(found.metrics["figures"]) if name.startswith("gaze")]
    ['gaze', 'gaze_amount', 'gaze_follow', 'gaze_truth']

    Args:
        result: The swap: a video.
        face: Whose face: a clip, or a folder of faces.
        onto: The clip it was made from; or faces of whom it replaced.
        truth: The true swap: a folder of synth --as-if, or a clip.
        run: The run that made it; else as RESULT.json says.
        out: The page; else RESULT.html beside it.
        page: Write a page to look at.
        landmarks: Who finds the points measured: mesh, dlib.
        overwrite: Replace a file at OUT, though it is none of our outputs.
        data: Where the face folders are.
        runs: Where training runs are.
        progress: A bar; False is none; or a function of a task, the share done, and words.
    """
    from faceswap_ae.common.atomic import check_is_no_input
    from faceswap_ae.common.beside import beside
    from faceswap_ae.conversion.report import made_by
    from faceswap_ae.evaluation import html_report
    from faceswap_ae.evaluation.evaluate import SwapPaths, evaluate_paths, evaluation_to_json
    from faceswap_ae.media.ownership import check_may_replace
    from faceswap_ae.training.runs.run import find_run

    swap, place = Path(result), Path(runs)
    maker = made_by(swap, place) if run is None else find_run(os.fspath(run), place)
    report = Path(out) if out is not None else beside(swap, after=".html")
    faces, performance = (_there(Path(one), Path(data)) for one in (face, onto))
    if page:
        check_is_no_input(report, [swap, faces, performance])
        check_may_replace(report, overwrite=overwrite)
    clips = SwapPaths(swap, faces, performance, as_path(truth))
    found = evaluate_paths(clips, choose_display(progress).progress, landmarks=landmarks)
    if page:
        html_report.write_report(report, found, maker)
    metrics = json.loads(json.dumps(evaluation_to_json(found)))
    return EvaluateResult(swap, report if page else None, metrics)


def _there(place: Path, data: Path) -> Path:
    """A path, or a face folder by its name."""
    from faceswap_ae.faces.folders.face_folder import is_name, known_folders

    if not place.exists() and (data / place).is_dir():
        return data / place
    if not place.exists() and is_name(str(place)) and not (place.suffix or has_magic(str(place))):
        told = unknown("face folder", str(place), known_folders(data))
        raise UserError(f"{place}: no such file, and {told}")
    return place
