import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.training.runs import manifest, tensor_file
from faceswap_ae.training.runs.manifest import CHECKPOINT, SNAPSHOT, CheckpointManifest

PLAIN: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


def saved(folder: Path, step: int = 7, **facts: Any) -> CheckpointManifest:
    """Write a small checkpoint, and return its manifest."""
    path = manifest.place(folder, CHECKPOINT, step)
    arrays = {"kernel": np.arange(9, dtype=np.float32)}
    files = {
        group: tensor_file.write(folder / f"{path.stem}-{group}.safetensors", arrays)
        for group in ("weights", "optimiser")
    }
    made = CheckpointManifest(path, step, "2024-01-01T00:00:00+00:00", files, facts)
    manifest.write(made)
    return made


@given(facts=st.dictionaries(st.text(max_size=9), PLAIN, max_size=4))
def test_what_is_said_is_read(
    facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = CheckpointManifest(
        tmp_path_factory.mktemp("m") / "checkpoint-00000007.json", 7, "", {}, facts
    )
    manifest.write(made)
    assert manifest.read(made.path) == made


def test_facts_are_read_as_json_has_them(tmp_path: Path) -> None:
    made = saved(tmp_path, 3, losses={10: 1.5, 9: float("inf")}, shape=(1, 2))
    assert manifest.read(made.path).facts == {
        "losses": {"10": 1.5, "9": float("inf")},
        "shape": [1, 2],
    }


def test_the_latest_step_comes_first(tmp_path: Path) -> None:
    steps = [5, 99_999_999, 123_456_789, 40]
    paths = [manifest.place(tmp_path, CHECKPOINT, step) for step in steps]
    for path in (*paths, manifest.place(tmp_path, SNAPSHOT, 6), tmp_path / "checkpoint-1.json"):
        path.write_text("")
    (tmp_path / ".checkpoint-00000002.part-1-0.json").write_text("")
    found = manifest.list_manifests(tmp_path, CHECKPOINT)
    assert [manifest.step_of(path) for path in found] == [123_456_789, 99_999_999, 40, 5]
    assert [path.name for path in manifest.list_manifests(tmp_path, SNAPSHOT)] == [
        "snapshot-00000006.json"
    ]
    assert manifest.list_manifests(tmp_path / "nothing", CHECKPOINT) == []


def test_a_manifest_finds_its_own_damage(tmp_path: Path) -> None:
    made = saved(tmp_path, rate=5e-5)
    text = made.path.read_text()
    for other in (text.replace("5e-05", "6e-05"), text[:-9], "[]", "", "{}", '"\xff"'):
        assert other != text
        made.path.write_text(other, encoding="latin-1")
        with pytest.raises(Fault, match=r"00000007\.json: is damaged"):
            manifest.read(made.path)
        assert not manifest.is_whole(made.path)


@pytest.mark.parametrize(
    "forged",
    [
        *({"step": step} for step in (None, "7", -1, 1.5, 1e99)),
        *({"time": time} for time in (None, 7, "\x1b[2J", "x" * 500)),
        *({"version": version} for version in ("1", [0], None)),
        *({"facts": facts} for facts in ([0], "x", 1)),
        *({"files": {"weights": file}} for file in (None, [0], {"name": "a", "size": -1})),
        *(
            {"files": {"weights": {"name": name, "size": 1, "digest": "00"}}}
            for name in ("../x", "/etc/passwd", ".", "..", "", ".hidden", "a\x1b[2J", 7)
        ),
    ],
)
def test_a_forged_manifest_with_its_right_hash_is_damaged(
    forged: dict[str, Any], tmp_path: Path
) -> None:
    made = saved(tmp_path)
    body = json.loads(made.path.read_text())["manifest"] | forged
    digest = hashlib.blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=16).hexdigest()
    made.path.write_text(json.dumps({"hash": digest, "manifest": body}))
    with pytest.raises(Fault, match=r"00000007\.json: is damaged"):
        manifest.read(made.path)


def test_a_newer_programs_manifest_is_left_alone(tmp_path: Path) -> None:
    made = saved(tmp_path)
    told = json.loads(made.path.read_text())
    told["manifest"]["version"] = manifest.VERSION + 1
    made.path.write_text(json.dumps(told))
    for look in (manifest.read, manifest.is_whole, manifest.names):
        with pytest.raises(UserError, match="newer faceswap_ae; update"):
            look(made.path)


def test_is_all_of_it_there(tmp_path: Path) -> None:
    made = saved(tmp_path)
    place = made.place("optimiser")
    assert made.size == 2 * place.stat().st_size
    assert manifest.is_whole(made.path)
    manifest.check(made)
    content = place.read_bytes()
    place.write_bytes(content[:-1] + b"x")
    assert manifest.is_whole(made.path)  # only lengths are compared
    manifest.check(made, ["weights"])
    with pytest.raises(Fault, match=r"optimiser.*is damaged"):
        manifest.check(made)
    place.write_bytes(content[:-1])
    assert not manifest.is_whole(made.path)
    place.unlink()
    assert not manifest.is_whole(made.path)


def test_the_files_of_a_step(tmp_path: Path) -> None:
    made = saved(tmp_path)
    manifest.write(replace(made, files={"weights": made.files["weights"]}))
    (tmp_path / "checkpoint-00000008-weights.safetensors").write_text("")
    assert manifest.names(made.path) == {made.files["weights"].name}
    made.path.write_text("nonsense")
    assert manifest.names(made.path) == {file.name for file in made.files.values()}
