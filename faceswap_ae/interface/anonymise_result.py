"""What does `anonymise` return, as text and as it looks in a notebook?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faceswap_ae.common.quantities import format_count
from faceswap_ae.interface.results import MINUTE, Result, media_html

SHOWN_DOUBT = 12  # frames that a line names


@dataclass(frozen=True)
class AnonymisedFile:
    """What became of one clip."""

    clip: Path
    output: Path
    published: bool  # else it may still show somebody
    frames: int
    swapped: int  # frames with other faces
    covered: int  # frames with covered places
    people: int
    doubt: Sequence[int] = ()  # frames that may still show somebody
    unlike: float | None = None  # share of new faces that are not recognised as who was there
    seconds: float = 0.0

    @property
    def lines(self) -> list[str]:
        """What was done."""
        told = f"{self.swapped} with other faces, {self.covered} with covered places"
        said = [f"{self.output}: {format_count(self.frames, 'frame')}, {told}"]
        whose = f"{self.people} people" if self.people != 1 else "1 person"
        if self.unlike is not None:
            whose += f"; {self.unlike:.1%} of the new faces are not recognised as who was there"
        said.append(whose)
        if not self.published:
            some = ", ".join(map(str, self.doubt[:SHOWN_DOUBT]))
            more = " ..." if len(self.doubt) > SHOWN_DOUBT else ""
            said.append(f"may still show somebody, in frames {some}{more}: look, or cover all")
        if self.seconds >= MINUTE:
            said.append(f"{self.frames / self.seconds:.1f} frames a second")
        return said


@dataclass(frozen=True, repr=False)
class AnonymiseResult(Result):
    """Clips in which nobody is recognised."""

    folder: Path
    files: Sequence[AnonymisedFile]
    failures: Sequence[str] = ()

    @property
    def place(self) -> Path:
        return self.folder

    @property
    def lines(self) -> list[str]:
        """What was done, and what failed."""
        return [line for one in self.files for line in one.lines] + list(self.failures)

    def _pictures(self) -> str:
        return media_html(self.files[0].output) if self.files else ""
