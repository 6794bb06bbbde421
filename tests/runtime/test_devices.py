import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.runtime import devices
from faceswap_ae.runtime.precision import gpu_capability


@pytest.mark.skipif(gpu_capability() is not None, reason="there is a GPU here")
class TestWithoutGpu:
    def test_it_is_said_loudly(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)  # else the CPU was asked for
        devices.choose_device(None)
        assert not caplog.text  # nothing is trained yet
        devices.warn_of_no_gpu()
        assert "NO GPU: tensorflow computes on the CPU" in caplog.text

    def test_a_gpu_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
        with pytest.raises(UserError, match="finds no such GPU"):
            devices.choose_device("0")

    def test_the_cpu_as_asked(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
        monkeypatch.setenv("JAX_PLATFORMS", "")
        devices.choose_device("cpu")
        devices.warn_of_no_gpu()
        assert "NO GPU" not in caplog.text


def test_a_wrong_word() -> None:
    with pytest.raises(UserError, match="say 0, 1"):
        devices.choose_device("gpu1")
