"""How good is a finished swap, measured by the metrics of the field?

The metrics are those of FSGAN's protocol and more. Whose face it is: identity (ID). Whether head,
face and eyes move as the performer's do: POSE, EXPR, gaze. How similar it is to the true swap, if
one is known: SSIM, PSNR. Whether it is stable over time. Faces in all clips are detected once. Then
the clips are read side by side, and memory use stays constant. Each metric is reported beside its
baseline: the value it has when nothing was swapped.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.common.progress import Progress, no_progress
from faceswap_ae.conversion.report import read_rows
from faceswap_ae.evaluation import scores
from faceswap_ae.evaluation.baselines import reencoded, views_baseline
from faceswap_ae.evaluation.frame_metrics import ComparedPeople, FrameColumns, measure
from faceswap_ae.evaluation.ground_truth import find_ground_truth
from faceswap_ae.evaluation.identity_metrics import PersonViews
from faceswap_ae.evaluation.scores import Score
from faceswap_ae.evaluation.synchronised import (
    ComparedClips,
    align_frames,
    frame_numbers,
    frames_not_asked,
)
from faceswap_ae.evaluation.target import (
    clip_in,
    find_target,
    is_folder,
    person_name,
    scan_target,
    views_in,
)
from faceswap_ae.evaluation.verdict import Verdict, judge
from faceswap_ae.evaluation.wording import SwapNames, sentences, table
from faceswap_ae.evaluation.worst_frames import BadFrame, find_worst_frames
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions
from faceswap_ae.faces.record import MESH
from faceswap_ae.media import provenance
from faceswap_ae.version import TOOL

MARKED = re.compile(r"([^;]+)'s face put onto ([^;]+)")  # the mark that a conversion writes
DIGITS = 5  # decimals of a metric: more than any of them needs

FORMAT = 3


@dataclass(frozen=True)
class SwapPaths:
    """The paths of the clips and folders that are compared."""

    result: Path
    face: Path
    onto: Path
    truth: Path | None = None

    def to_json(self) -> dict[str, str | None]:
        """The paths as they are written to JSON."""
        return {name: str(path) if path else None for name, path in asdict(self).items()}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything that was measured on a swap."""

    clips: SwapPaths
    names: SwapNames
    summary: Mapping[str, Score]
    columns: FrameColumns  # one row for each frame
    missed: Mapping[int, str]  # frames whose face was not swapped, and why
    worst: tuple[BadFrame, ...]
    numbers: Sequence[int] = ()  # numbers of the performance's frames that the result shows
    landmarks: str = MESH  # who found the landmarks

    @property
    def seen(self) -> int:
        """The number of frames that show the replaced person."""
        return int(scores.is_seen(self.columns).sum())

    @property
    def verdict(self) -> Verdict:
        """Whether the swap is ready to be shown, and if not, why not."""
        return judge(self.summary, self.names, self.seen)

    @property
    def series(self) -> dict[str, Doubles]:
        """The metrics, frame by frame."""
        return scores.series(self.columns)

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The metrics as one row for each frame."""
        named = self.series
        return [
            {"frame": at, "time": round(float(time), 4), "missed": self.missed.get(at)}
            | {name: _rounded(values[at]) for name, values in named.items()}
            for at, time in enumerate(self.columns["time"])
        ]


def evaluate(
    result: Path,
    face: Path,
    onto: Path,
    truth: Path | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Measure a swap: the face from one clip or folder, put onto the performance in another.

    `onto` may also be a folder of faces: then there is no performance to compare with. `truth` is a
    folder that `synth --as-if` made, or a clip of the true swap.
    """
    return evaluate_paths(SwapPaths(result, face, onto, truth), progress)


def evaluate_paths(
    clips: SwapPaths,
    progress: Progress,
    folders: Sequence[Path] = (),
    landmarks: str = MESH,
) -> Evaluation:
    """Measure a swap, as `evaluate` does. `landmarks` says who finds them.

    Clips whose faces are stored in one of the face `folders` are not scanned again.
    """
    detectors = Detectors(ScanOptions(landmarks=landmarks, described=1))
    stage, replaced = _stage(clips, detectors, progress, folders)
    people = ComparedPeople(views_in(clips.face, detectors, progress, folders), replaced)
    columns = FrameColumns(stage.result.count)
    with progress(f"measure {clips.result.name}", columns.count) as advance:
        for at in measure(align_frames(stage), columns, people):
            advance(at + 1)
    again = reencoded(stage.leads, detectors, people)
    other = None if stage.answer is None else stage.answer.other
    summary = scores.summary(columns, again, views_baseline(people), other)
    names = _names(clips)
    gone = scores.missed(columns)
    told = find_worst_frames(columns, names)
    return Evaluation(clips, names, summary, columns, gone, told, stage.numbers, landmarks)


def evaluation_to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as JSON data; the metrics' names stay the same in every release."""
    own = evaluation
    seen = own.seen
    return {
        "version": FORMAT,
        "made_by": TOOL,
        **own.clips.to_json(),
        "names": asdict(own.names),
        "landmarks": own.landmarks,
        "frames": own.columns.count,
        "seen": seen,
        "verdict": own.verdict.words,
        "headline": sentences(own.summary, own.names, seen),
        "figures": {name: _figure(one) for name, one in own.summary.items()},
        "worst": [asdict(one) for one in own.worst],
        "every": own.frames,
    }


def format_evaluation(metrics: Mapping[str, Any]) -> list[str]:
    """Return the lines of text for the user: the verdict, the headline, a table of all metrics."""
    summary = {name: Score(**one) for name, one in metrics["figures"].items()}
    return [
        metrics["verdict"],
        *metrics["headline"],
        "",
        *table(summary, SwapNames(**metrics["names"])),
    ]


def _stage(
    clips: SwapPaths, detectors: Detectors, progress: Progress, folders: Sequence[Path]
) -> tuple[ComparedClips, PersonViews]:
    """Return the clips to be compared, and the views of the replaced person."""
    rows, name = read_rows(clips.result), person_name(clips.face)
    shown = scan_target(clips.result, detectors, progress)
    which: Sequence[int] = range(shown.count)
    place = clip_in(clips.onto)
    if is_folder(place):
        leads, replaced = find_target(shown, rows, name), views_in(place, detectors, progress)
    else:
        leads = find_target(scan_target(place, detectors, progress, folders), rows, name)
        which, replaced = frame_numbers(shown, leads.looked, rows), leads.views()
    rest = frames_not_asked(shown, rows)
    if clips.truth is None:
        return ComparedClips(shown, leads, which, unasked=rest), replaced
    answer = find_ground_truth(clips.truth)
    true = scan_target(answer.clip, detectors, progress)
    frame_numbers(leads.looked, true, ())
    return ComparedClips(shown, leads, which, true, answer, rest), replaced


def _names(clips: SwapPaths) -> SwapNames:
    """Return the names of both people: from the conversion's mark, else from the file names."""
    said = provenance.read(clips.result) or {}
    found = MARKED.fullmatch(said.get("ai_altered", ""))
    return (
        SwapNames(found[1], found[2])
        if found
        else SwapNames(person_name(clips.face), person_name(clips.onto))
    )


def _figure(one: Score) -> dict[str, Any]:
    plain = asdict(one)
    return {name: _rounded(x) if isinstance(x, float) else x for name, x in plain.items()}


def _rounded(value: float) -> float | None:
    return round(float(value), DIGITS) if np.isfinite(value) else None
