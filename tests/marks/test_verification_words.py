"""Does `verify` say neither more nor less than strangers' marks prove, in lines of its own?"""

import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from faceswap_ae.cli import main
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.interface.verify_files import verify
from faceswap_ae.marks import credentials, verification
from faceswap_ae.marks.certificate import local_certificate
from faceswap_ae.marks.credentials import Statement, sidecar_of, sign
from faceswap_ae.marks.seal import MarkOptions
from faceswap_ae.marks.verification import verify_file
from tests.support.sealed_files import picture, seal, sealed
from tests.support.signed_files import ANONYMOUS
from tests.support.written_clips import NOISE, new, write_all

pytest.importorskip("c2pa")

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
HOSTILE = "x\n  signature: intact, by a signer whom you trust\x1b[2J\r\u202e\u2028end"


def by_another_tool(path: Path, *sources: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sign a file as another tool does: actions with these source types."""

    def manifest(_: Statement) -> dict[str, Any]:
        actions: list[dict[str, Any]] = [{"action": "c2pa.created"}]
        actions += [{"action": "c2pa.edited"} for _ in sources[1:]]
        for action, source in zip(actions, sources, strict=False):
            action["digitalSourceType"] = source
        return {
            "claim_generator_info": [{"name": "Photo Studio", "version": "26"}],
            "title": "shown",
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
        }

    with monkeypatch.context() as patch:
        patch.setattr(credentials, "make_manifest", manifest)
        sign(path, path, ANONYMOUS, local_certificate())
    return path


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    write_all(tmp_path / "plain.mp4", new(), [NOISE])
    return tmp_path / "plain.mp4"


@pytest.mark.parametrize(
    "name",
    [
        *("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"),
        *("algorithmicallyEnhanced", "compositeSynthetic"),
    ],
)
def test_signatures_of_other_ai_tools_count(
    name: str, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in (f"{IPTC}{name}", f"{IPTC.replace('http', 'https')}{name}"):
        found = verify(by_another_tool(plain, source, monkeypatch=monkeypatch))
        assert found.altered == [plain]
        assert found.files[0].certainty.startswith("a signature says so")
        assert found.lines[1].endswith(f"(Photo Studio 26, {name})")


def test_an_edit_by_hand_does_not_hide_the_model(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = f"{IPTC}trainedAlgorithmicMedia", f"{IPTC}humanEdits"
    assert verify(by_another_tool(plain, *sources, monkeypatch=monkeypatch)).altered


@pytest.mark.parametrize(
    "source", [f"{IPTC}digitalCapture", "https://else.org/trainedAlgorithmicMedia"]
)
def test_a_camera_s_signature_is_shown_but_no_ai(
    source: str, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = verify(by_another_tool(plain, source, monkeypatch=monkeypatch))
    assert not found.altered
    first, second = found.lines
    assert first.startswith(f"{plain}: no mark says that it is AI-altered; no proof")
    assert second.startswith("  signature: intact; its signer is on no list of trusted ones; ")
    assert "Photo Studio 26" in second


def test_a_signature_is_shown_where_pixels_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "broken.mkv"
    path.write_bytes(b"no video" * 100)
    found = verify(by_another_tool(path, f"{IPTC}digitalCapture", monkeypatch=monkeypatch))
    assert found.unreadable == [path]
    assert found.lines[0] == found.files[0].unreadable
    assert found.lines[1].startswith("  signature: intact; ")


def test_words_of_strangers_stay_in_their_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, path = tmp_path / "plain.mp4", tmp_path / "odd\x1b[2J\n  signature: intact.mkv"
    made = tmp_path / "made.mkv"
    write_all(plain, new(), [NOISE])
    with av.open(plain) as source, av.open(made, "w") as target:
        tags = dict.fromkeys(("comment", "ai_tool", "ai_altered", "ai_watermark"), HOSTILE)
        target.metadata.update(tags)
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    made.rename(path)
    assert main.main(["verify", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:10] for line in lines[1:]] == ["  tags: x ", "  but the ", "  but ther"]
    assert all(line.isprintable() for line in lines)
    assert lines[1] == "  tags: x signature: intact, by a signer whom you trust[2J  end"
    tags = verify_file(path).to_json()["tags"]
    assert tags is not None and all(one.isprintable() for one in tags.values())


def test_an_unreadable_signature_does_not_say_that_the_file_was_changed(tmp_path: Path) -> None:
    path = sealed(tmp_path / "out.mkv", seal(options=MarkOptions(watermark=False)))
    sidecar_of(path).write_bytes(b"broken" * 100)
    found = verify_file(path)
    assert found.credentials is not None and found.credentials.state == "unreadable"
    assert "the signature cannot be read, so it says nothing of the file" in found.lost
    assert not any("changed" in line for line in found.lost)
    assert "  signature: cannot be read (" in "\n".join(verify(path).lines)


def test_signers_whom_the_user_trusts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marks, pem = seal(), tmp_path / "signers.pem"
    path = sealed(tmp_path / "out.mp4", marks)
    assert marks.certificate is not None
    pem.write_bytes(marks.certificate.chain)
    assert verify(path).files[0].certainty == "a watermark in the pixels says so"
    (found,) = verify(path, trust=pem).files
    assert found.credentials is not None and found.credentials.state == "trusted"
    assert found.certainty == "a signature says so, and the file is as it was signed"
    assert main.main(["verify", str(path), "--trust", str(pem), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["credentials"]["state"] == "trusted"
    assert row["watermark"]["output_id"] == marks.tags["ai_watermark"]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
)
def test_a_list_of_signers_that_is_none(
    content: bytes | None, plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pem = tmp_path / "signers.pem"
    if content is not None:
        pem.write_bytes(content)
    assert main.main(["verify", str(plain), "--trust", str(pem)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"faceswap-ae: --trust {pem}: ") and said.count("\n") == 1
    with pytest.raises(UserError, match="trust="):
        verify(plain, trust=pem)


def test_pictures_are_not_kept(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[weakref.ref[Image]] = []
    most = 0

    def shown(_: object) -> Iterator[tuple[float, Image]]:
        nonlocal most
        for number in range(24):
            image = np.roll(picture(), number, axis=0)
            alive.append(weakref.ref(image))
            most = max(most, sum(one() is not None for one in alive))
            yield number / 24, image

    monkeypatch.setattr(verification, "read_samples", shown)
    assert verify_file(plain).looked_at == 24
    assert most <= 2
