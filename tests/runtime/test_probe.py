import pytest

from faceswap_ae.runtime import doctor
from faceswap_ae.runtime.probe import PROBES


@pytest.mark.parametrize("name", ["dlib", "opencv"])
def test_a_library_tells_of_itself(name: str) -> None:
    assert PROBES[name]() == doctor.probe(name)
    assert str(doctor.probe(name)["version"])[0].isdigit()
