"""Does `verify` find all marks, say what was lost, and never break on an altered file?"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from faceswap_ae.cli import main
from faceswap_ae.interface.verify_files import verify
from faceswap_ae.marks.credentials import sidecar_of
from faceswap_ae.marks.seal import UNMARKED, MarkOptions
from faceswap_ae.marks.verification import Verified, verify_file
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.reader import frames
from tests.support.sealed_files import KINDS, picture, seal, sealed
from tests.support.written_clips import new, write_all

pytest.importorskip("c2pa")

MARKS = seal()
OUTPUT = MARKS.tags["ai_watermark"]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An output of each kind with all marks."""
    place = tmp_path_factory.mktemp("sealed")
    return {kind: sealed(place / kind[1:] / f"out{kind}", MARKS) for kind in KINDS}


@pytest.fixture
def copied(outputs: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    for kind, path in outputs.items():
        shutil.copytree(path.parent, tmp_path / kind[1:])
    return {kind: tmp_path / kind[1:] / path.name for kind, path in outputs.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_all_marks_are_found(kind: str, outputs: dict[str, Path]) -> None:
    found = verify_file(outputs[kind])
    assert found.tags == MARKS.tags
    assert found.credentials is not None and found.credentials.state == "untrusted"
    assert found.credentials.what == "ben's face put onto ada" and found.credentials.ours
    assert found.watermark is not None and found.watermark.payload == MARKS.payload
    assert found.altered and not found.lost and not found.unreadable
    assert found.certainty == "a watermark in the pixels says so"
    assert json.loads(json.dumps(found.to_json()))["watermark"]["output_id"] == OUTPUT


@pytest.mark.parametrize("kind", [".mp4", ".mkv"])
def test_a_stranger_s_copy_keeps_the_watermark(kind: str, copied: dict[str, Path]) -> None:
    shown = [one.image for one in frames(open_clip(copied[kind]))]
    copy = copied[kind].with_name("seen.mp4")
    write_all(copy, new((384, 256)), shown, Encoding(crf=26))
    found = verify_file(copy)
    assert found.tags is None and found.credentials is None
    assert found.watermark is not None and found.watermark.payload == MARKS.payload
    assert found.lost == ["the tags are gone", "there is no signature"]


def test_tags_alone_are_only_words(tmp_path: Path) -> None:
    path = sealed(tmp_path / "out.mp4", seal(options=UNMARKED))
    found = verify_file(path)
    assert found.altered and found.watermark is None and found.credentials is None
    assert "anybody can write" in found.certainty
    assert found.lost == ["the file was made without a watermark", "there is no signature"]


def test_a_signature_without_the_rest(tmp_path: Path) -> None:
    path = sealed(tmp_path / "out.mkv", seal(options=MarkOptions(watermark=False)))
    plain = tmp_path / "plain.mkv"
    write_all(plain, new((384, 256)), [picture()])
    sidecar_of(path).rename(sidecar_of(plain))
    found = verify_file(plain)
    assert found.credentials is not None and found.credentials.state == "altered"
    assert "anybody can write" in found.certainty
    assert any("signature does not hold" in line for line in found.lost)


def test_pixels_of_another_output_are_told(tmp_path: Path) -> None:
    other = seal("anonymise", "two")
    path = sealed(tmp_path / "out.mp4", other)
    shown = [one.image for one in frames(open_clip(path))]
    plain, forged = tmp_path / "plain.mp4", tmp_path / "forged.mp4"
    write_all(plain, new((384, 256)), shown)
    with (
        av.open(plain) as source,
        av.open(forged, "w", options={"movflags": "use_metadata_tags"}) as target,
    ):
        target.metadata.update(MARKS.tags)
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    output = other.tags["ai_watermark"]
    assert (
        f"the tags name output id {OUTPUT}, but the pixels are of output id {output}"
        in verify_file(forged).lost
    )


def test_without_the_library_signatures_are_said_to_be_unseen(
    outputs: dict[str, Path], plain_clip: Path
) -> None:
    code = "import sys; sys.modules['c2pa'] = None\nfrom faceswap_ae.cli.main import main\n"
    words = ["verify", str(outputs[".mp4"]), str(plain_clip)]
    done = subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(main({words}))"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    unseen = "  but signatures cannot be read here; pip install c2pa-python cryptography"
    assert [line == unseen for line in lines] == [False, False, False, True, False, True]
    assert "no signature" not in done.stdout


def test_a_marked_part_of_a_clip_is_found(tmp_path: Path) -> None:
    marks = seal()
    pictures = [np.roll(picture(number), number, axis=0) for number in range(5) for _ in range(24)]
    pictures[:30] = [marks.imprint(one) for one in pictures[:30]]
    write_all(tmp_path / "long.mp4", new((384, 256)), pictures)
    found = verify_file(tmp_path / "long.mp4")
    assert found.watermark is not None and found.watermark.payload == marks.payload


def test_nothing_is_said_of_what_has_no_marks(
    plain_clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["verify", str(plain_clip)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{plain_clip}: no marks found; no proof") and said.count("\n") == 1
    assert verify(plain_clip).altered == []


def test_words_and_json(outputs: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    names = [str(outputs[kind]) for kind in (".mp4", ".png")]
    assert main.main(["verify", *names]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8
    assert lines[0] == f"{names[0]}: AI-altered; a watermark in the pixels says so"
    assert lines[1].startswith(f"  watermark: swap, output id {OUTPUT}, ")
    assert lines[2].startswith("  signature: intact; its signer is on no list of trusted ones;")
    assert lines[3].startswith("  tags: AI-altered: ben's face put onto ada.")
    assert main.main(["verify", *names, "absent.mp4", "--json"]) == 2
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["ai_altered"] for row in rows] == [True, True, False]
    assert rows[2]["unreadable"] == "absent.mp4: no such file"


def alterations(path: Path) -> Iterator[bytes]:
    """Yield what becomes of a file: cut off, with bytes changed, added, left out, renamed."""
    whole = path.read_bytes()
    chance = np.random.default_rng(len(whole))
    for share in np.linspace(0, 0.98, 10):
        yield whole[: int(share * len(whole))]
    for _ in range(16):
        changed = bytearray(whole)
        for at in chance.integers(0, len(whole), chance.integers(1, 9)):
            changed[at] = int(chance.integers(0, 256))
        yield bytes(changed)
    for _ in range(6):
        at, size = int(chance.integers(0, len(whole))), int(chance.integers(1, 4000))
        yield whole[:at] + whole[at + size :]
    for _ in range(4):
        at = int(chance.integers(0, len(whole)))
        yield whole[:at] + chance.bytes(int(chance.integers(1, 4000))) + whole[at:]
    yield whole + whole
    yield whole.replace(b"faceswap_ae", b"facefusion1")
    yield whole.replace(b"c2pa", b"c3pa")
    yield chance.bytes(5000)


@pytest.mark.parametrize("kind", KINDS)
def test_forty_altered_files_are_each_answered(kind: str, copied: dict[str, Path]) -> None:
    path = copied[kind]
    if kind == ".mkv":
        sidecar = sidecar_of(path).read_bytes()
    states = set()
    for number, content in enumerate(alterations(path)):
        path.write_bytes(content)
        if kind == ".mkv":  # every third without its sidecar, every third with a changed one
            sidecar_of(path).write_bytes(sidecar if number % 3 else sidecar[:: -(number % 2 or -1)])
        (found,), lines = (made := verify(path)).files, made.lines
        states.add(state(found))
        assert lines and all(line.isprintable() for line in lines)
        assert found.unreadable.count("\n") == 0
        # Whatever was changed, the file never counts as one whose bytes nobody changed.
        assert found.credentials is None or found.credentials.state != "trusted"
    assert number == 39 and len(states) >= 3


def state(found: Verified) -> tuple[bool, str, bool, bool]:
    signed = "" if found.credentials is None else found.credentials.state
    return found.tags is not None, signed, found.watermark is not None, bool(found.unreadable)
