import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faceswap_ae.common.atomic import part_name
from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.marks.certificate import Certificate, local_certificate, make_certificate
from faceswap_ae.marks.credentials import (
    Statement,
    read_credentials,
    sidecar_of,
    sign,
)
from faceswap_ae.marks.seal import MarkOptions, check_marks
from faceswap_ae.media import provenance
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames
from faceswap_ae.version import TOOL
from tests.support.clips import Recording, record
from tests.support.signed_files import ANONYMOUS, KINDS, TOLD, WHAT, WHEN, signed, unsigned
from tests.support.written_clips import NOISE, new, write_all

c2pa = pytest.importorskip("c2pa")

UNTRUSTED = ("signingCredential.untrusted",)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))


@pytest.mark.parametrize("suffix", KINDS)
def test_every_kind_is_signed_and_read(tmp_path: Path, suffix: str) -> None:
    parent = record(tmp_path / "ada walks.mp4", Recording(count=3))
    path, final = unsigned(tmp_path / f".part{suffix}"), tmp_path / f"out{suffix}"
    before = [frame.image.tobytes() for frame in frames(open_clip(path))]
    sign(path, final, Statement(WHAT, WHEN, final.name, parent, {"run": "7"}), local_certificate())
    path.rename(final)
    found = read_credentials(final)
    assert found is not None
    assert (found.state, found.problems, found.ours) == ("untrusted", UNTRUSTED, True)
    assert (found.what, found.when, found.tool) == (WHAT, "2026-11-20T16:44:01+00:00", TOOL)
    assert found.source_type == provenance.SOURCE_TYPE
    assert found.signer == "faceswap_ae self-made certificate, faceswap_ae"
    assert provenance.read(final) == TOLD
    assert [frame.image.tobytes() for frame in frames(open_clip(final))] == before
    beside = {"out.mkv.c2pa"} if suffix == ".mkv" else set()
    assert {one.name for one in tmp_path.iterdir()} == {parent.name, final.name} | beside


def test_a_certificate_that_cannot_sign_is_told_before_the_work(tmp_path: Path) -> None:
    good = tmp_path / "good.pem"
    own = make_certificate()
    good.write_bytes(own.chain + own.key)
    check_marks(MarkOptions(certificate=good), tmp_path / "out.mp4", overwrite=False)
    both = MarkOptions(sign=False, certificate=good)
    with pytest.raises(UserError, match="leave out one of both"):
        check_marks(both, tmp_path / "out.mp4", overwrite=False)
    bad = tmp_path / "bad.pem"
    bad.write_bytes(own.chain)
    with pytest.raises(UserError, match=r"bad\.pem"):
        check_marks(MarkOptions(certificate=bad), tmp_path / "out.mp4", overwrite=False)


def test_a_sidecar_of_the_user_s_own_is_not_replaced(tmp_path: Path) -> None:
    theirs = tmp_path / "out.mkv.c2pa"
    theirs.write_bytes(b"notes of somebody")
    with pytest.raises(UserError, match=r"out\.mkv\.c2pa: is there already"):
        check_marks(MarkOptions(), tmp_path / "out.mkv", overwrite=False)
    check_marks(MarkOptions(), tmp_path / "out.mp4", overwrite=False)
    theirs.unlink()
    signed(tmp_path / "out.mkv")
    check_marks(MarkOptions(), tmp_path / "out.mkv", overwrite=False)


@pytest.mark.parametrize("suffix", KINDS)
def test_a_changed_byte_is_told(tmp_path: Path, suffix: str) -> None:
    path = unsigned(tmp_path / f"out{suffix}")
    pixels = path.read_bytes()
    sign(path, path, ANONYMOUS, local_certificate())
    content = bytearray(path.read_bytes())
    at = content.index(pixels[-len(pixels) // 2 :][:64]) + 40
    content[at] ^= 1
    path.write_bytes(content)
    found = read_credentials(path)
    assert found is not None and found.state == "altered" and found.ours
    assert any(code.endswith("Hash.mismatch") for code in found.problems)


@pytest.mark.parametrize("suffix", KINDS)
def test_what_is_added_later_is_told(tmp_path: Path, suffix: str) -> None:
    path = signed(tmp_path / f"out{suffix}")
    with path.open("ab") as file:
        file.write(b"\0\0\0\x0cuuidmore")
    found = read_credentials(path)
    assert found is not None and found.state in ("altered", "unreadable")


@pytest.mark.parametrize("suffix", KINDS)
def test_whose_clip_it_was_is_said_or_nothing_of_it(tmp_path: Path, suffix: str) -> None:
    parent = record(tmp_path / "ada walks.mp4", Recording(count=3))
    for one, is_said in ((parent, True), (None, False)):
        path = signed(tmp_path / f"out{suffix}", Statement(WHAT, WHEN, "out", one, {}))
        place = sidecar_of(path) if suffix == ".mkv" else path
        content = place.read_bytes()
        assert (b"ada walks" in content) == is_said
        assert (b"ingredient" in content) == is_said
        assert b"thumbnail" not in content


def test_a_parent_may_be_anything(tmp_path: Path) -> None:
    odd = tmp_path / "ada.mp4"
    odd.write_bytes(b"no clip")
    altered = signed(tmp_path / "altered.mp4")
    content = bytearray(altered.read_bytes())
    content[content.index(b"mdat") + 40] ^= 1
    altered.write_bytes(content)
    again = signed(tmp_path / "again.mp4")
    folder = tmp_path / "ada's pictures"
    folder.mkdir()
    for parent in (odd, altered, again, folder, tmp_path / "gone.mp4", tmp_path / "ada \udcff.mkv"):
        path = signed(tmp_path / "out.mp4", Statement(WHAT, WHEN, "out.mp4", parent, {}))
        found = read_credentials(path)
        assert found is not None and found.state == "untrusted", parent
        assert parent.name[:3].encode() in path.read_bytes()


def test_any_words_are_signed(tmp_path: Path) -> None:
    extra = {"words": "\0 ü \n", "list": [1, 2.5, None, True], "inner": {"deep": {}}}
    statement = Statement("ben\n<x>\0\udcff" + "x" * 999, WHEN, "\udcff\n.png", None, extra)
    found = read_credentials(signed(tmp_path / "out.png", statement))
    assert found is not None and found.state == "untrusted"
    assert found.what.startswith("ben <x>xxx")
    with c2pa.Reader(tmp_path / "out.png") as reader:
        manifest = reader.get_active_manifest() or {}
    said = [one["data"] for one in manifest["assertions"] if one["label"].startswith("faceswap_ae")]
    assert said == [extra]


def test_whoever_is_on_the_list_is_trusted(tmp_path: Path) -> None:
    path = signed(tmp_path / "out.mp4")
    root = local_certificate().chain
    assert (found := read_credentials(path, root)) is not None
    assert (found.state, found.problems) == ("trusted", ())
    other = make_certificate().chain
    assert (found := read_credentials(path, other)) is not None and found.state == "untrusted"
    for words in (b"words", b"\xff"):
        with pytest.raises(UserError, match="trusted signers: holds no certificates"):
            read_credentials(path, words)


def test_files_without_credentials(tmp_path: Path) -> None:
    for suffix in KINDS:
        assert read_credentials(unsigned(tmp_path / f"out{suffix}")) is None
    (tmp_path / "text.txt").write_text("words")
    assert read_credentials(tmp_path / "text.txt") is None
    (tmp_path / "empty.mp4").touch()
    assert read_credentials(tmp_path / "empty.mp4") is None


def test_a_folder_says_what_its_first_picture_says(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    signed(folder / "1.png")
    unsigned(folder / "2.png")
    assert (found := read_credentials(folder)) is not None and found.state == "untrusted"


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "gone.mp4", ""):
        found = read_credentials(tmp_path / name)
        assert found is not None and found.state == "unreadable" and found.problems


@pytest.mark.parametrize("content", [b"", b"words", bytes(range(256))])
def test_a_sidecar_of_something_else(tmp_path: Path, content: bytes) -> None:
    path = signed(tmp_path / "out.mkv")
    other = signed(tmp_path / "other.mkv", Statement("x", WHEN, "x", None, {}))
    sidecar_of(path).write_bytes(content)
    assert (found := read_credentials(path)) is not None and found.state == "unreadable"
    write_all(path, new(), [NOISE] * 2)
    sidecar_of(path).write_bytes(sidecar_of(other).read_bytes())
    assert (found := read_credentials(path)) is not None and found.state == "altered"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small signed output of every kind."""
    place = tmp_path_factory.mktemp("samples")
    found = {}
    for suffix in KINDS:
        path = unsigned(place / f"out{suffix}")
        sign(path, path, ANONYMOUS, make_certificate())
        found[suffix] = (sidecar_of(path) if suffix == ".mkv" else path).read_bytes()
    found["video"] = (place / "out.mkv").read_bytes()
    return found


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from(KINDS),
    changes=st.dictionaries(st.integers(0, 9000), st.integers(0, 255), max_size=4),
    end=st.integers(0, 20_000),
)
def test_hostile_bytes_raise_nothing(
    tmp_path: Path, samples: dict[str, bytes], suffix: str, changes: dict[int, int], end: int
) -> None:
    content = bytearray(samples[suffix])
    begin = max(0, content.find(b"jumb") - 40)
    for at, value in changes.items():
        content[min(begin + at, len(content) - 1)] = value
    path = tmp_path / f"out{suffix}"
    if suffix == ".mkv":
        path.write_bytes(samples["video"])
    (sidecar_of(path) if suffix == ".mkv" else path).write_bytes(content[:end])
    found = read_credentials(path)
    assert found is None or found.state in ("untrusted", "altered", "unreadable")
    if found is not None:
        words = (found.signer, found.tool, found.what, found.when, *found.problems)
        assert "".join(words).isprintable()


def test_nothing_goes_to_the_network(tmp_path: Path) -> None:
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        stranger = _remote(tmp_path, f"http://127.0.0.1:{server.server_port}/manifest")
        found = read_credentials(stranger)
        signed(tmp_path / "out.mp4", Statement(WHAT, WHEN, "out.mp4", stranger, {}))
        server.shutdown()
        thread.join()
    assert asked == []
    assert found is not None and found.state == "unreadable"


def _remote(folder: Path, url: str) -> Path:
    """A file whose manifest is said to be on the network."""
    own = make_certificate()
    facts = c2pa.C2paSignerInfo("es256", own.chain, own.key, None)
    actions = [{"action": "c2pa.created", "digitalSourceType": provenance.SOURCE_TYPE}]
    assertion = {"label": "c2pa.actions.v2", "data": {"actions": actions}}
    maker = {"name": "somebody", "version": "1"}
    words = {"claim_generator_info": [maker], "assertions": [assertion]}
    path = folder / "remote.png"
    with c2pa.Builder(words) as builder, c2pa.Signer.from_info(facts) as signer:
        builder.set_no_embed()
        builder.set_remote_url(url)
        builder.sign_file(unsigned(folder / "plain.png"), path, signer)
    assert url.encode() in path.read_bytes()
    return path


def test_a_broken_file_cannot_be_signed(tmp_path: Path) -> None:
    path = tmp_path / part_name(tmp_path / "out.mp4")
    path.write_bytes(unsigned(tmp_path / "whole.mp4").read_bytes()[:-100])
    before = path.read_bytes()
    with pytest.raises(Fault, match=r"out.mp4: could not be signed \(.*\); is the file sound"):
        sign(path, tmp_path / "out.mp4", ANONYMOUS, local_certificate())
    assert path.read_bytes() == before


def test_a_certificate_for_something_else_cannot_sign(tmp_path: Path) -> None:
    path, made = unsigned(tmp_path / "out.mp4"), make_certificate()
    root = made.chain[made.chain.rindex(b"-----BEGIN") :]
    with pytest.raises(UserError, match=r"nothing can be signed by it \(.*\); does it keep"):
        sign(path, path, ANONYMOUS, Certificate(root, made.key, own=True))
    assert read_credentials(path) is None
