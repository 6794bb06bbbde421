import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.faces.folders.journal import NAME, Journal, fingerprint
from tests.support.face_records import some_face


def test_what_was_found_is_found_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add_frame("clip", 3, [some_face(1), some_face(2)])
    journal.add_frame("clip", 1, [])
    journal.add_frame("other", 0, [some_face(5)])
    for known in (journal, Journal(tmp_path)):
        assert known.frames("clip") == {1, 3}
        assert known.frames("nobody") == set()
        assert [face.id for face in known.faces("clip", 3)] == ["clip-000001", "clip-000002"]
        assert [face.frame for face in known.all_faces(["other", "clip"])] == [5, 1, 2]
    assert np.allclose(journal.faces("clip", 3)[0].landmarks, some_face(1).landmarks, atol=0.01)


def test_the_last_word_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add_skipped({"a": "blurred", "b": "small"})
    journal.add_written("a")
    journal.add_skipped({"b": "blurred"})
    journal.add_skipped({"b": "blurred"})
    for known in (journal, Journal(tmp_path)):
        assert known.written == {"a"}
        assert known.skipped == {"b": "blurred"}
    assert len((tmp_path / NAME).read_text().splitlines()) == 3  # no row is written twice


@given(cut=st.integers(0, 5000))
def test_a_torn_journal_loses_its_last_row_only(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    journal = Journal(folder)
    for frame in range(2):
        journal.add_frame("clip", frame, [some_face(frame)])
    whole = (folder / NAME).read_bytes()
    kept = whole[: min(cut, len(whole))]
    (folder / NAME).write_bytes(kept)
    again = Journal(folder)
    complete = kept.count(b"\n") + (kept + b"\n" == whole)
    assert again.frames("clip") == set(range(complete))
    again.add_frame("clip", 7, [some_face(7)])
    assert Journal(folder).frames("clip") == {*range(complete), 7}
    assert Journal(folder).faces("clip", 7)[0].frame == 7


def test_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('[]\n{"row":"new kind"}\nnonsense\n{"row":"written","id":"a"}\n')
    assert Journal(tmp_path).written == {"a"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with a name")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(OSError, match="is a pipe or a device"):
        Journal(tmp_path)


def test_a_kill_leaves_whole_rows(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from faceswap_ae.faces.folders.journal import Journal;"
        "from tests.support.face_records import some_face; journal = Journal(Path(sys.argv[1]));\n"
        "for frame in range(10**6):\n"
        "    journal.add_frame('clip', frame, [some_face(frame)]); print(frame, flush=True)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(20)]
        os.kill(child.pid, signal.SIGKILL)
    assert Journal(tmp_path).frames("clip") >= set(told)


def test_a_fingerprint_is_of_the_contents(tmp_path: Path) -> None:
    big = os.urandom(3 * 2**20 + 5)
    (tmp_path / "a").write_bytes(big)
    (tmp_path / "b").write_bytes(big)
    (tmp_path / "c").write_bytes(big[:-1] + bytes([big[-1] ^ 1]))
    (tmp_path / "d").write_bytes(b"")
    found = [fingerprint(tmp_path / name) for name in "abcd"]
    assert found[0] == found[1]
    assert len(set(found)) == 3
    with pytest.raises(MediaError, match="cannot be read"):
        fingerprint(tmp_path / "nothing")


def test_a_linked_journal_is_not_written_through(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / NAME).symlink_to(mine)
    with pytest.raises(UserError, match="is a link to another file, which would be changed"):
        Journal(tmp_path / "ada").add_written("clip-000001")
    assert mine.read_text() == "mine"
