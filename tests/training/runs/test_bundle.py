import os
import zipfile
from pathlib import Path

import pytest

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.training.runs import bundle, checkpoint
from faceswap_ae.training.runs.metric_log import MetricLog, MetricRow
from faceswap_ae.training.runs.run import Run, begin_run, find_run
from tests.support.run_files import FACTS, Settings, spoil, state_of, trained


def unpacked(zipped: Path, runs: Path) -> Run:
    with zipfile.ZipFile(zipped) as opened:
        opened.extractall(runs)
    return find_run("ben-ada", runs)


@pytest.mark.parametrize("light", [False, True])
def test_a_run_goes_on_elsewhere(light: bool, tmp_path: Path) -> None:
    run = trained(tmp_path / "ben-ada", 40)
    trained(run.folder, 50)
    MetricLog(run.log).add(MetricRow(50, {"total": 0.5}))
    run.preview.write_bytes(b"a picture")
    (run.folder / "events").mkdir()
    (run.folder / "events" / "large").write_text("")
    assert bundle.pack(run, tmp_path / "out.zip", light=light) == 50
    other = unpacked(tmp_path / "out.zip", tmp_path / "elsewhere")
    assert {path.name for path in other.folder.iterdir()} == {
        "recipe.yaml",
        "run.json",
        "log.jsonl",
        "preview.png",
        "checkpoints",
    }
    assert begin_run(other.folder, Settings(), FACTS) == other
    state, was = checkpoint.load(other.checkpoints), checkpoint.load(run.checkpoints)
    assert state is not None and was is not None
    assert (state.step, state.facts) == (50, was.facts)
    assert {*state.arrays} == ({"weights"} if light else {"weights", "optimiser"})
    for group, arrays in state.arrays.items():
        assert arrays["kernel"].tobytes() == was.arrays[group]["kernel"].tobytes()
    files = [path for path in other.checkpoints.iterdir() if path.suffix == ".safetensors"]
    assert len(files) == len(state.arrays)
    assert checkpoint.listed(run.checkpoints)[0].files.keys() == {"weights", "optimiser"}


def test_what_is_damaged_is_not_packed(tmp_path: Path) -> None:
    run = begin_run(tmp_path / "x", Settings(), FACTS)
    with pytest.raises(UserError, match="x: has no checkpoint to pack"):
        bundle.pack(run, tmp_path / "x.zip")
    checkpoint.save(run.checkpoints, state_of(1))
    spoil(checkpoint.save(run.checkpoints, state_of(2)).place("optimiser"))
    assert bundle.pack(run, tmp_path / "x.zip") == 1
    assert bundle.pack(run, tmp_path / "light.zip", light=True) == 2
    if hasattr(os, "mkfifo"):
        os.mkfifo(run.log)
        with pytest.raises(MediaError, match="is a pipe or a device"):
            bundle.pack(run, tmp_path / "x.zip")
