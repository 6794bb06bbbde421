import cv2

from faceswap_ae.interface.process import one_opencv_thread


def test_opencv_s_threads_come_back() -> None:
    before = cv2.getNumThreads()
    with one_opencv_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before
