import os
import subprocess
import sys

import pytest

from faceswap_ae.runtime.backend import load_keras, quiet_stderr, without_remapping


def test_keras_wakes_in_silence() -> None:
    program = (
        "from faceswap_ae.runtime.backend import load_keras; load_keras(); "
        "import keras; print(keras.backend.backend())"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    environment.pop("KERAS_BACKEND", None)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert (done.stdout, done.stderr) == ("tensorflow\n", "")


def test_keras_wakes_without_a_library_that_draws_plots() -> None:
    program = (
        "import sys; from faceswap_ae.runtime.backend import load_keras; load_keras(); "
        "print([name for name in sys.modules if name.startswith('matplotlib')]); "
        "import matplotlib"
    )
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


TALK = b"I0000 00:00:1 port.cc:153] of itself\nbroken: libcuda\nW0000 x] more\nthe rest"


def test_other_words_pass(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_stderr():
        os.write(2, TALK)
    assert capfd.readouterr().err == "broken: libcuda\nthe rest"


def _fail() -> None:
    with quiet_stderr():
        os.write(2, b"why it failed\n")
        raise ImportError("no keras")


def test_an_error_comes_through_with_its_words(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError, match="no keras"):
        _fail()
    assert capfd.readouterr().err == "why it failed\n"


def test_merging_is_off_only_within_the_block() -> None:
    load_keras()
    import tensorflow as tf

    def merges() -> bool:
        return bool(tf.config.optimizer.get_experimental_options().get("remapping", True))

    assert merges()
    with without_remapping():
        assert not merges()
    assert merges()
