import cv2
import pytest

from faceswap_ae.interface import process
from faceswap_ae.interface.process import choose_device_once, one_opencv_thread


def test_opencv_s_threads_come_back() -> None:
    before = cv2.getNumThreads()
    with one_opencv_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before


def test_another_device_comes_too_late(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process, "_CHOSEN", [])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    for gpu in ("cpu", None, "cpu"):
        choose_device_once(gpu)
    assert not caplog.text
    choose_device_once(1)
    assert "--gpu 1: this process computes since its first call on --gpu cpu" in caplog.text
