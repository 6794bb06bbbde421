import base64
import io
import json
import re
import shutil
import subprocess
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as pillow

from faceswap_ae.cli.main import main
from faceswap_ae.evaluation import html_report, page_template
from faceswap_ae.evaluation.scores import SCORES
from faceswap_ae.evaluation.wording import SwapNames
from faceswap_ae.media import images
from faceswap_ae.media.ownership import is_ours
from faceswap_ae.training.runs.metric_log import MetricLog, MetricRow
from faceswap_ae.training.runs.run import Run, RunFacts, begin_run
from tests.support.html_page import Page
from tests.support.swaps import COVERED, KEPT, Swapped

pytest_plugins = ("tests.support.swap_fixtures",)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
COLUMN = '<th scope="col">{}</th>'
NASTY = "<script>alert(1)</script> & {{data}}"
# A script that moves the pointer over the chart, and writes what the page shows into its title.
ASKED = """<script>
const plot = document.querySelector(".plot"), box = plot.getBoundingClientRect();
plot.dispatchEvent(new PointerEvent("pointermove", {clientX: box.left + box.width / 2}));
const told = [...document.querySelectorAll("output")].filter((one) => one.value).length;
document.querySelector(".film .moment").click();
const enlarged = document.querySelectorAll("#large[open] img").length;
const wide = document.documentElement.scrollWidth > innerWidth ? "too wide" : "fits";
document.title = `${told} told at ${innerWidth}, ${enlarged} large, ${wide}`;
</script>"""
WINDOW = """<title></title><iframe width="%d" height="900" style="border:0"></iframe><script>
const frame = document.querySelector("iframe");
frame.onload = () => { document.title = frame.contentDocument.title; };
frame.srcdoc = %s;
</script>"""


class Report(Page):
    """A page with pictures (img), which have no end tag."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "img":
            self.open.pop()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with an example of everything that a page shows."""
    found = begin_run(
        tmp_path_factory.mktemp("runs") / "ben-onto-ada",
        {"note": "<b>"},
        RunFacts("ben", "ada", "quick", "autoencoder", "inner"),
    )
    log = MetricLog(found.log)
    for step in range(1, 4):
        losses = {"autoencoder/face mae": 1 / step, "autoencoder/onto mae": 2 / step}
        log.add(MetricRow(step, losses, time=float(step), stage="one" if step < 3 else "two"))
    images.write(found.preview, np.full((100, 200, 3), 128, np.uint8))
    return found


@pytest.fixture(scope="module")
def place(swapped: Swapped, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page") / "report.html"
    html_report.write_report(out, swapped.measured, run)
    return out


@pytest.fixture(scope="module")
def page(place: Path) -> Page:
    return Report(place.read_text(encoding="utf-8"))


def test_every_element_is_closed_and_every_link_leads_somewhere(page: Page) -> None:
    assert not page.open
    ids = [told["id"] for _, told in page.tags if "id" in told]
    assert len(ids) == len(set(ids))
    links = [told["href"] for told in page.all("a")]
    assert len(links) == 6
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_nothing_is_loaded_from_elsewhere(page: Page, place: Path) -> None:
    assert is_ours(place)
    assert all(told["src"].startswith("data:image/jpeg;base64,") for told in page.all("img"))
    assert not [told for tag, told in page.tags if "src" in told and tag != "img"]
    assert "http" not in re.sub(r"http-equiv", "", place.read_text(encoding="utf-8"))
    assert "default-src 'none'" in page.all("meta")[3]["content"]


def test_every_picture_can_be_seen(page: Page) -> None:
    pictures = page.all("img")
    names = {told["alt"].partition(" at ")[0] for told in pictures}
    assert {"original", "result", "true swap", "change"} <= names
    for told in pictures:
        assert told["alt"]
        picture = pillow.open(io.BytesIO(base64.b64decode(told["src"].partition(",")[2])))
        assert picture.format == "JPEG" and min(picture.size) >= (
            100 if "rebuilt" in told["alt"] else 256
        )


def test_the_headline_and_the_figures(page: Page, place: Path, swapped: Swapped) -> None:
    assert page.texts["h1"] == "ben on ada"
    verdict = swapped.measured.verdict
    assert page.texts["b"].startswith(verdict.level) and "% of the frames not" in verdict.words
    assert verdict.reasons[0] in page.texts["p"]
    assert "2 of 16 frames that show ada were missed." in page.texts["li"]
    assert "Nearer to ben than to ada in 93 %" in page.texts["li"]
    for name, one in swapped.measured.summary.items():
        if one.value is not None and name not in ("psnr_unswapped", "jitter_truth"):
            assert SCORES[name].words.partition("{")[0] in page.texts["small"], name
    assert "agreed to it" in page.texts["p"]
    assert "ready: 0.45 or less" in page.texts["small"] and "at best " in page.texts["small"]
    assert "distance to ben" in page.texts["span"] and "error of the eyes" in page.texts["span"]
    assert "Dashed: cuts." in page.texts["p"]
    assert COLUMN.format("true swap") in place.read_text(encoding="utf-8")


def test_what_is_not_there_gets_no_column_and_no_key(swapped: Swapped, tmp_path: Path) -> None:
    own = swapped.measured
    bare = {name: replace(one, truth=None) for name, one in own.summary.items()}
    columns = deepcopy(own.columns)
    for at in range(columns.count):
        columns.put(at, [("cut", 0.0)])
    html_report.write_report(
        tmp_path / "page.html", replace(own, summary=bare, columns=columns, missed={})
    )
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Report(text)
    assert COLUMN.format("swap") in text and COLUMN.format("true swap") not in text
    assert "Dashed" not in page.texts["p"] and "Red: " not in page.texts["p"]


def test_the_worst_frames_and_why(page: Page) -> None:
    faults = [told["id"] for told in page.all("article")]
    assert set(faults[:2]) == {f"frame-{KEPT}", f"frame-{COVERED}"}
    assert f"frame {KEPT}: the face was left as it was" in page.texts["p"]
    assert f"frame {COVERED}: no face is found there" in page.texts["p"]


def test_curves_over_time_and_of_the_losses(page: Page) -> None:
    charts = page.data
    assert len(charts) == len(page.all("figure")) == 11
    assert isinstance(charts, list)
    for chart in charts:
        assert all(len(line["values"]) == len(chart["x"]) for line in chart["lines"])
    assert [line["label"] for line in charts[0]["lines"]] == ["ben", "ada"]
    assert charts[-1]["xUnit"] == "steps"
    assert (
        len([told for told in page.all("rect") if told["class"] == "band"]) == 2 * 10
    )  # frames not swapped
    assert "two" in page.texts["title"] and "cut" in page.texts["title"]
    assert "Dashed: one from step 1, two from step 3." in page.texts["p"]


def test_how_to_repeat_it(page: Page, swapped: Swapped, run: Run) -> None:
    told = page.texts["pre"]
    assert "faceswap-ae evaluate" in told and f"--run {run.folder}" in told
    assert str(swapped.truth) in told
    assert "note: <b>" in told
    assert not page.all("script")[2:]
    for name in ("faceswap_ae ", "Python ", "numpy ", "keras "):
        assert name in page.texts["li"]


def test_names_stay_words(swapped: Swapped, tmp_path: Path) -> None:
    evaluation = replace(swapped.measured, names=SwapNames(NASTY, "ada"), worst=())
    html_report.write_report(tmp_path / "page.html", evaluation)
    page = Report((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert page.texts["h1"] == f"{NASTY} on ada"
    assert len(page.all("script")) == 2
    assert "training" not in {told.get("id") for _, told in page.tags}
    assert "No frame is much worse" in page.texts["p"]


def test_the_script_finds_what_it_looks_for(page: Page) -> None:
    script = (page_template.PAGES / "report.js").read_text()
    classes = {name for _, told in page.tags for name in told.get("class", "").split()}
    assert set(re.findall(r'querySelector(?:All)?\("\.(\w+)"\)', script)) <= classes
    assert set(re.findall(r'getElementById\("(\w+)"\)', script)) == {"data", "large"}
    assert page.all("svg")[0]["viewbox"] == "0 0 600 120"  # the script uses this size
    assert "600 * share" in script and "0V120" in script


def loaded(text: str, width: int, place: Path) -> tuple[str, str]:
    """Load a page in a browser. Return its title afterwards, and the console's messages."""
    assert CHROMIUM is not None
    # In a frame, because a window cannot be as narrow as a phone.
    page, inner = place / "window.html", json.dumps(text).replace("<", "\\u003c")
    page.write_text(WINDOW % (width, inner), encoding="utf-8")
    own = f"--user-data-dir={place / 'profile'}"
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", own, "--dump-dom"]
    command += ["--window-size=1400,900", "--enable-logging=stderr", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    title = re.search("<title>(.*?)</title>", done.stdout)
    return title[1] if title else "", "\n".join(said)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_finds_no_error(width: int, place: Path, tmp_path: Path) -> None:
    text = place.read_text(encoding="utf-8").replace("</body>", f"{ASKED}</body>")
    assert loaded(text, width, tmp_path) == (f"10 told at {width}, 4 large, fits", "")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_would_find_one(tmp_path: Path) -> None:
    assert "nobody is not defined" in loaded("<script>nobody.home()</script>", 390, tmp_path)[1]
    wide = '<div class="plot film" style="width: 500px"><i class="moment">.</i></div>'
    assert loaded(wide + ASKED, 390, tmp_path) == ("0 told at 390, 0 large, too wide", "")


@pytest.mark.usefixtures("_remembers")
def test_the_command(
    swapped: Swapped, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", str(swapped.swap), "--face", "ben", "--onto", str(swapped.onto)]
    words += ["--truth", str(swapped.truth), "-q", "--data", str(swapped.owner.parent)]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["seen"] == 16 and told["figures"]["missed"]["value"] == 2
    assert not swapped.swap.with_name("swap.mkv.html").exists()
    page = tmp_path / "page.html"
    assert main([*words, "-o", str(page), "--run", str(run.folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == told["verdict"].replace("ada", "play")
    assert lines[1].startswith("Nearer to ben than to play")
    assert lines[-1] == f"{page}: to look at"
    assert "autoencoder: mae" in page.read_text(encoding="utf-8")
    assert main([*words, "-o", str(swapped.swap)]) == 2
    page.write_text("mine")
    assert main([*words, "-o", str(page)]) == 2
    assert page.read_text() == "mine"
