"""How do tests write small outputs, with our tags, and sign them?"""

from datetime import UTC, datetime
from pathlib import Path

from faceswap_ae.marks.certificate import local_certificate
from faceswap_ae.marks.credentials import Statement, sign
from faceswap_ae.media import png, provenance
from faceswap_ae.media.resumable_writer import resumable
from faceswap_ae.media.segments import OutputSpec
from tests.support.written_clips import NOISE, new

WHEN = datetime(2026, 11, 20, 16, 44, 1, tzinfo=UTC)
WHAT = "ben's face put onto ada"
TOLD = provenance.make_marks(WHEN, WHAT)
KINDS = [".mp4", ".mov", ".png", ".gif", ".mkv"]
ANONYMOUS = Statement(WHAT, WHEN, "out", None, {})


def unsigned(path: Path) -> Path:
    """Write a small output with its tags, as our writers do."""
    if path.suffix == ".png":
        path.write_bytes(png.encode(NOISE, provenance.png_words(TOLD)))
        return path
    with resumable(OutputSpec(path, new(), marks=TOLD), {}) as parts:
        for number in range(3):
            parts.write(NOISE, number / new().rate, 1 / new().rate)
    return path


def signed(path: Path, statement: Statement = ANONYMOUS) -> Path:
    sign(unsigned(path), path, statement, local_certificate())
    return path
