import keras

from faceswap_ae.runtime import memory


def test_a_small_model_gets_the_usual_batch() -> None:
    face = keras.Input((8, 8, 3))
    small = keras.Model(face, keras.layers.Conv2D(4, 3)(face))
    assert memory.likely_batch([small]) == memory.USUAL


def test_a_model_for_which_memory_is_short_gets_less() -> None:
    """The huge model is only defined. It is never computed."""
    face = keras.Input((4096, 4096, 64))
    huge = keras.Model(face, keras.layers.ReLU()(face))
    assert memory.likely_batch([huge] * 4) < memory.USUAL


def test_the_system_tells() -> None:
    free = memory.available_bytes()
    assert free is None or free > 2**20
    assert memory.peak_bytes() > 2**20
