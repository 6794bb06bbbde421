import zipfile
from pathlib import Path

import pytest

from faceswap_ae.common.errors import Fault
from faceswap_ae.common.zip_check import check_written


def test_one_changed_byte_is_found(tmp_path: Path) -> None:
    part = tmp_path / "part"
    with zipfile.ZipFile(part, "w") as zipped:
        zipped.writestr("face.png", b"as it was written")
    check_written(part, tmp_path / "ada.zip")
    part.write_bytes(part.read_bytes().replace(b"as it was", b"as it now"))
    with pytest.raises(Fault, match=r"ada\.zip: face\.png came out damaged"):
        check_written(part, tmp_path / "ada.zip")
