"""How is a finished swap measured and reported, once for the very same clips?"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.progress import Progress
from faceswap_ae.evaluation.ground_truth import find_ground_truth
from faceswap_ae.faces.folders.journal import fingerprint
from faceswap_ae.training.runs.run import Run
from faceswap_ae.version import TOOL

if TYPE_CHECKING:
    from faceswap_ae.evaluation.evaluate import SwapPaths
    from faceswap_ae.evaluation.report_stills import Masks

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SwapReport:
    """The report of a swap, in its work folder."""

    clips: "SwapPaths"
    work: Path
    folders: Sequence[Path]  # of faces, whose journals know the clips
    run: Run | None  # None for a swap without training

    @property
    def page(self) -> Path:
        return self.work / "report.html"

    @property
    def metrics(self) -> Path:
        return self.work / "metrics.json"

    def measured(self, covers: "Masks", progress: Progress) -> dict[str, Any]:
        """Return the metrics. Measure and write the page if that was not done for these clips."""
        from faceswap_ae.common.atomic import write_text
        from faceswap_ae.evaluation import evaluate, html_report

        told = self._known()
        if told is not None:
            log.info("evaluate: %s is measured already", self.clips.result)
            return told
        found = evaluate.evaluate_paths(self.clips, progress, self.folders)
        told = {**evaluate.evaluation_to_json(found), "fingerprints": self._fingerprints()}
        write_text(self.metrics, json.dumps(told, indent=1) + "\n")
        html_report.write_report(self.page, found, self.run, covers)
        return told

    def _known(self) -> dict[str, Any] | None:
        """Return what this version measured on these very clips; None if there is nothing."""
        from faceswap_ae.evaluation.evaluate import FORMAT

        if not (self.page.exists() and self.metrics.exists()):
            return None
        try:
            told = JsonFields.read(self.metrics).values
        except ValueError:  # damaged: measured anew
            return None
        seen = self._fingerprints()
        wanted = {**self.clips.to_json(), "made_by": TOOL, "version": FORMAT, "fingerprints": seen}
        return told if {name: told.get(name) for name in wanted} == wanted else None

    def _fingerprints(self) -> list[str]:
        """What the clips hold, whatever a clock says of when."""
        clips = self.clips
        truth = [] if clips.truth is None else [find_ground_truth(clips.truth).clip]
        files = [clips.result, clips.face, clips.onto, *truth]
        return [fingerprint(path) for path in files if path.is_file()]
