"""What can be set for an extraction, and what does it report when it is done?"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.extraction.selection import (
    SelectionLimits,
)
from faceswap_ae.faces.detection.scan import ScanOptions
from faceswap_ae.faces.folders.face_file import SIZE
from faceswap_ae.media.inputs import InputFailure
from faceswap_ae.media.span import WHOLE, Span

STORED_CROPS = ("whole", "head")  # smaller ones are cut out of these for training

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExtractOptions:
    """Options of an extraction. Without `like`, the folder's own faces identify the person."""

    data: Path = Path("data")
    like: tuple[Path, ...] = ()  # photos of the person
    everyone: bool = False  # a folder for each person found
    scan: ScanOptions = field(default_factory=ScanOptions)
    limits: SelectionLimits = field(default_factory=SelectionLimits)
    span: Span = WHOLE
    crop: str = "whole"
    size: int = SIZE

    def __post_init__(self) -> None:
        if self.crop not in STORED_CROPS:
            raise UserError(unknown("crop to store", self.crop, STORED_CROPS))


DEFAULTS = ExtractOptions()


@dataclass
class ExtractSummary:
    """The result of an extraction."""

    written: dict[Path, int] = field(default_factory=dict)  # new faces, by folder
    skipped: Counter[str] = field(default_factory=Counter)  # faces, by reason
    others: dict[int, int] = field(default_factory=dict)  # faces of each other person
    sheet: Path | None = None  # the contact sheet of the others
    looked: int = 0  # frames scanned in this run
    failures: list[InputFailure] = field(default_factory=list)
    alone: bool = False  # one input: its failure is told at the end, or is the error

    def fail(self, path: Path, reason: str) -> None:
        """Report an input that cannot be used; the extraction continues. Each reason once."""
        failure = InputFailure(path, reason)
        if failure in self.failures:
            return
        if not self.alone:
            log.warning("%s", reason)
        self.failures.append(failure)
