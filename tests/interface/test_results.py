import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.interface.results import (
    ConvertedFile,
    ConvertResult,
    EvaluateResult,
    ExtractResult,
    SwapResult,
    SynthResult,
    TrainResult,
)
from faceswap_ae.media import images

DONE = ExtractResult(Path("data/ada"), {Path("data/ada"): 1}, 12, {"surplus": 3})


def html_of(result: object) -> str:
    shown: str = result._repr_html_()  # type: ignore[attr-defined]
    return shown


def test_faces_as_text_and_as_a_sheet(two_people: Path) -> None:
    folder = two_people / "ada"
    done = replace(DONE, others=1, others_sheet=Path("data/ada-others.jpg"))
    assert repr(done) == (
        "data/ada: 1 new face\n12 frames looked at\nleft out: 3 surplus\n"
        "1 other is in data/ada-others.jpg; everyone=True takes them too"
    )
    assert done.lines[-1].endswith("--everyone takes them too")
    nothing = ExtractResult(Path("data/ada"), {Path("data/ada"): 0}, 0, {"surplus": 3}, faces=60)
    assert nothing.lines == ["data/ada: 60 faces, all there already"]
    shown = html_of(replace(done, folder=folder))
    assert shown.count("data:image/jpeg;base64,") == 1 and "max-width:100%" in shown
    assert "<li>12 frames looked at</li>" in shown


def test_no_faces_no_sheet(tmp_path: Path) -> None:
    assert "<img" not in html_of(replace(DONE, folder=tmp_path / "nobody"))
    assert "<img" not in html_of(replace(DONE, folder=tmp_path))


def test_a_training_shows_its_preview(tmp_path: Path) -> None:
    done = TrainResult(tmp_path, tmp_path / "preview.png")
    assert "<img" not in html_of(done)
    images.write(done.preview, np.zeros((8, 8, 3), np.uint8))
    assert "data:image/png;base64," in html_of(done)
    assert Path(done) == tmp_path
    long = replace(done, steps=727, seconds=90.0)
    assert f"{tmp_path}: trained for 727 steps in 1.5 min; see" in repr(long)


def test_a_conversion_shows_its_first_output(plain_clip: Path, tmp_path: Path) -> None:
    out = Path(shutil.copy(plain_clip, tmp_path / "swap.mp4"))
    one = ConvertedFile(plain_clip, [out], 30, 1, {"like a photo of --not": 1})
    done = ConvertResult(out, [one])
    assert done.lines == [
        f"{out}: 1 of 30 frames with a new face",
        "  left alone: 1 face, like a photo of --not",
    ]
    assert repr(done).endswith("like a photo of spare=") and "spare=" in html_of(done)
    assert "<video" in html_of(done) and "<video" in html_of(SynthResult(out, [out]))
    assert re.search(r'<video style="max-width:100%;height:auto" [^>]*src', html_of(done))
    picture = tmp_path / "look.png"
    images.write(picture, np.zeros((8, 8, 3), np.uint8))
    assert "data:image/png" in html_of(ConvertResult(picture))
    assert repr(ConvertResult(picture)) == str(picture)
    assert "<video" not in html_of(ConvertResult(tmp_path / "frames"))


@pytest.mark.parametrize("there", [True, False])
def test_a_report_is_shown_whole_below_its_headline(
    plain_clip: Path, tmp_path: Path, there: bool
) -> None:
    page = tmp_path / "page.html"
    if there:
        page.write_text('<p class="a">A & B</p>', encoding="utf-8")
    metrics = {"verdict": "ready", "headline": ["ben's <b> is near."]}
    run = TrainResult(tmp_path, tmp_path / "preview.png")
    measured = EvaluateResult(plain_clip, page, metrics)
    assert Path(measured) == page and Path(replace(measured, report=None)) == plain_clip
    for result in (measured, SwapResult(plain_clip, run, page, metrics)):
        shown = html_of(result)
        assert "<li>ready</li>" in shown
        assert "<li>ben&#x27;s &lt;b&gt; is near.</li>" in shown
        found = re.search(r'<iframe srcdoc="([^"]*)"', shown)
        assert (found is not None) == there
        if found:
            assert found[1] == "&lt;p class=&quot;a&quot;&gt;A &amp; B&lt;/p&gt;"
