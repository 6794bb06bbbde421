"""Is a zip that was just written whole? Its reader may be far away, and the originals gone."""

import zipfile
from pathlib import Path

from faceswap_ae.common.errors import Fault


def check_written(part: Path, out: Path) -> None:
    """Raise Fault if a file in the zip `part`, which becomes `out`, is not as it was written."""
    with zipfile.ZipFile(part) as zipped:
        damaged = zipped.testzip()
    if damaged:
        raise Fault(f"{out}: {damaged} came out damaged; is the disk sound? pack again")
