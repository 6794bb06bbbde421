import signal
import subprocess
import sys
import threading

import pytest

from faceswap_ae.common.interrupts import stoppable, without_interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_to_be_heeded(number: signal.Signals) -> None:
    with stoppable() as stop:
        stop.heed()
        signal.raise_signal(number)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            stop.heed()


def test_a_second_signal_does_not_wait() -> None:
    with stoppable():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_afterwards_all_is_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stoppable():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_nothing_is_changed() -> None:
    found: list[bool] = []

    def work() -> None:
        with stoppable() as stop:
            found.append(stop.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


def test_a_process_started_unheard_goes_on() -> None:
    press = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('goes on')"
    command = [sys.executable, "-c", f"import signal; signal.signal(2, signal.SIG_DFL); {press}"]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with without_interrupts():
        goes_on = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (goes_on.returncode, goes_on.stdout) == (0, "goes on\n")
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert subprocess.run(command, check=False).returncode == -signal.SIGINT
