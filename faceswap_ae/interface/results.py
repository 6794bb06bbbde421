"""What do the public functions return, as text and as it looks in a notebook?

Each result stands for its main file or folder, so it can be given where a path is wanted.
"""

import html
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from faceswap_ae.common.quantities import format_count, format_duration
from faceswap_ae.interface.calls import in_python
from faceswap_ae.interface.progress_bars import picture_html

MINUTE = 60.0  # seconds
ACROSS = 5  # faces beside each other there: a phone shows no more
SHOWN_FACES = 30  # on the sheet in a notebook
PICTURES = (".png", ".jpg", ".jpeg")
LIST = 'style="margin:.3em 0;padding-left:1.2em"'


@dataclass(frozen=True, repr=False)
class Result(ABC):
    """What all results have: lines of text, and HTML for a notebook."""

    @property
    @abstractmethod
    def place(self) -> Path:
        """The main file or folder."""

    @property
    @abstractmethod
    def lines(self) -> list[str]:
        """What was done, as the command line prints it."""

    def __fspath__(self) -> str:
        return str(self.place)

    def __repr__(self) -> str:
        return in_python("\n".join(self.lines))

    def _repr_html_(self) -> str:
        """What a notebook shows: the pictures, and the lines below."""
        return f"<div>{self._pictures()}{_list_html(in_python(one) for one in self.lines)}</div>"

    def _pictures(self) -> str:
        return ""


@dataclass(frozen=True, repr=False)
class ExtractResult(Result):
    """The faces of a person, in a folder."""

    folder: Path
    new: Mapping[Path, int]  # faces, by folder: with `everyone` there are several
    looked: int  # frames
    skipped: Mapping[str, int] = field(default_factory=dict)  # faces left out, by reason
    faces: int = 0  # in the folder by now
    others: int = 0  # other people in the clips
    others_sheet: Path | None = None  # a picture of them
    failures: Sequence[str] = ()

    @property
    def place(self) -> Path:
        return self.folder

    @property
    def lines(self) -> list[str]:
        """What was done."""
        if not self.looked and not any(self.new.values()):
            return [f"{self.folder}: {format_count(self.faces, 'face')}, all there already"]
        said = [
            f"{folder}: {format_count(count, 'new face')}" for folder, count in self.new.items()
        ]
        said.append(f"{format_count(self.looked, 'frame')} looked at")
        said += [f"left out: {count} {reason}" for reason, count in self.skipped.items()]
        if self.others_sheet is not None:
            whose = "1 other is" if self.others == 1 else f"{self.others} others are"
            said.append(f"{whose} in {self.others_sheet}; --everyone takes them too")
        return said

    def _pictures(self) -> str:
        """Some of the faces, evenly chosen."""
        from faceswap_ae.faces.folders.contact_sheet import write_sheet
        from faceswap_ae.faces.folders.face_file import entries

        faces = entries(self.folder) if self.folder.is_dir() else []
        with TemporaryDirectory() as place:
            out = Path(place, f"{self.folder.name}.jpg")
            pages = write_sheet(self.folder.name, faces, out, SHOWN_FACES, ACROSS) if faces else []
            return "".join(map(picture_html, pages))


@dataclass(frozen=True, repr=False)
class TrainResult(Result):
    """A run, as far as it is trained."""

    folder: Path
    preview: Path
    steps: int = 0
    seconds: float = 0.0  # of training, breaks not counted

    @property
    def place(self) -> Path:
        return self.folder

    @property
    def lines(self) -> list[str]:
        """What was done."""
        # The first minute is not told: seconds say more of the machine than of the training.
        time = f" in {format_duration(self.seconds)}" if self.seconds >= MINUTE else ""
        told = f"{format_count(self.steps, 'step')}{time}"
        return [f"{self.folder}: trained for {told}; see {self.preview}"]

    def _pictures(self) -> str:
        return picture_html(self.preview) if self.preview.exists() else ""


@dataclass(frozen=True)
class ConvertedFile:
    """What became of one clip or photo."""

    clip: Path
    outputs: Sequence[Path]
    frames: int
    swapped: int  # frames with a new face
    left: Mapping[str, int]  # faces left alone, by reason

    @property
    def lines(self) -> list[str]:
        """What was done."""
        names = ", ".join(map(str, self.outputs))
        said = [f"{names}: {self.swapped} of {format_count(self.frames, 'frame')} with a new face"]
        said += [
            f"  left alone: {format_count(count, 'face')}, {why}"
            for why, count in self.left.items()
        ]
        return said


@dataclass(frozen=True, repr=False)
class ConvertResult(Result):
    """Clips and photos with new faces."""

    out: Path
    files: Sequence[ConvertedFile] = ()
    failures: Sequence[str] = ()

    @property
    def place(self) -> Path:
        return self.out

    @property
    def lines(self) -> list[str]:
        """What was done."""
        return [line for one in self.files for line in one.lines] or [str(self.out)]

    def _pictures(self) -> str:
        """The first output: a notebook holds the bytes of what it shows."""
        first = self.files[0].outputs[0] if self.files else self.out
        return media_html(first)


@dataclass(frozen=True, repr=False)
class EvaluateResult(Result):
    """How good a swap is."""

    result: Path
    report: Path | None  # a page to look at
    metrics: Mapping[str, Any]  # as the command line writes them with --json

    @property
    def place(self) -> Path:
        return self.result if self.report is None else self.report

    @property
    def headline(self) -> list[str]:
        """The verdict, and the result in a few sentences."""
        return [self.metrics["verdict"], *self.metrics["headline"]]

    @property
    def lines(self) -> list[str]:
        """The headline, and a table of all metrics."""
        from faceswap_ae.evaluation.evaluate import format_evaluation

        seen = [] if self.report is None else [f"{self.report}: to look at"]
        return [*format_evaluation(self.metrics), *seen]

    def _repr_html_(self) -> str:
        """The headline, and the report below it."""
        return f"<div>{_list_html(self.headline)}{_report_html(self.report)}</div>"


@dataclass(frozen=True, repr=False)
class SwapResult(Result):
    """A clip with a new face, and how good it is. Without training there is no run."""

    out: Path
    run: TrainResult | None
    report: Path
    metrics: Mapping[str, Any]

    @property
    def place(self) -> Path:
        return self.out

    @property
    def headline(self) -> list[str]:
        """The verdict, and the result in a few sentences."""
        return [self.metrics["verdict"], *self.metrics["headline"]]

    @property
    def lines(self) -> list[str]:
        """The verdict, and where to look."""
        return [
            f"{self.out}: {self.metrics['verdict']}",
            f"{self.report}: how good it is, to look at",
        ]

    def _repr_html_(self) -> str:
        """The video, the headline, and the report below."""
        told = _list_html(self.headline)
        return f"<div>{media_html(self.out)}{told}{_report_html(self.report)}</div>"


@dataclass(frozen=True, repr=False)
class SynthResult(Result):
    """A clip of people who do not exist, with its ground truth."""

    clip: Path
    files: Sequence[Path]

    @property
    def place(self) -> Path:
        return self.clip

    @property
    def lines(self) -> list[str]:
        """Its files."""
        return [str(path) for path in self.files]

    def _pictures(self) -> str:
        return media_html(self.clip)


def _list_html(lines: Any) -> str:
    return f"<ul {LIST}>{''.join(f'<li>{html.escape(one)}</li>' for one in lines)}</ul>"


def media_html(path: Path) -> str:
    """A picture, or the beginning of a video."""
    if path.suffix.lower() in PICTURES:
        return picture_html(path)
    if not path.is_file():
        return ""
    from faceswap_ae.media.montage import in_notebook

    return in_notebook(path).html


def _report_html(report: Path | None) -> str:
    if report is None or not report.is_file():
        return ""
    page = html.escape(report.read_text(encoding="utf-8"))
    frame = f'<iframe srcdoc="{page}" style="width:100%;height:80vh;border:0"></iframe>'
    name = html.escape(str(report))
    return f"<details><summary>The report, which is in {name}</summary>{frame}</details>"
