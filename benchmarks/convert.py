"""How much CPU time and memory does a conversion need? `python -m benchmarks.convert`.

A clip of the cast at 720p and 1080p is converted by almost untrained networks (one step) of the
real size. The strongest peer, deepfakes/faceswap, needs .61 CPU-seconds for a frame of 720p with
its `original` (measured on this kind of machine), with the faces detected before. Our detection is
reported separately. Every part is timed again by itself, so the sum of the parts is a little more
or less than the whole. Memory is the peak of a process, for 300 frames and for 10,000.
"""

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.extract import asked, repeated
from benchmarks.measure import report
from faceswap_ae.synthetic.film import Film, shoot

PEER = 0.61  # CPU-seconds per frame of the peer, `original` at 720p
SIZES = {"480p": (640, 480), "720p": (1280, 720), "1080p": (1920, 1080)}

TRAIN = """
import json, sys
from pathlib import Path
from faceswap_ae.training.recipe import load_recipe
from faceswap_ae.training.stages import Budget
from faceswap_ae.training.train import Job, train
data, run, recipe = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
train(Job(data / "ben", data / "ada", run, load_recipe(recipe, ["batch=2"]), Budget(steps=1)))
print(json.dumps({}))
"""

EXTRACT = """
import json, sys
from pathlib import Path
from faceswap_ae.extraction.extractor import extract
from faceswap_ae.extraction.options import ExtractOptions
extract([Path(sys.argv[1])], sys.argv[3], ExtractOptions(Path(sys.argv[2])))
print(json.dumps({}))
"""

CONVERT = """
import json, resource, sys, time
from pathlib import Path
from faceswap_ae.runtime import devices
devices.choose_device("cpu")
from faceswap_ae.media.clip import open_clip
from faceswap_ae.conversion.convert import convert_clip
from faceswap_ae.conversion.converter import ConvertOptions, Converter
from faceswap_ae.common.progress import no_progress
from faceswap_ae.training.runs.run import Run
from faceswap_ae.media.span import WHOLE
clip, run, data, folder = (Path(word) for word in sys.argv[1:5])
converter = Converter(ConvertOptions((Run(run),), data), no_progress)
convert_clip(converter, open_clip(Path(sys.argv[5])), folder / "warm.mp4")
one = open_clip(clip)
begin = time.process_time()
converter.scan(one, WHOLE)
found = time.process_time() - begin
begin, wall = time.process_time(), time.perf_counter()
done = convert_clip(converter, one, folder / "out.mp4")
spent, passed = time.process_time() - begin, time.perf_counter() - wall
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"find": found / done.frames, "cpu": spent / done.frames,
    "fps": done.frames / passed, "swapped": done.swapped, "frames": done.frames,
    "peak MiB": round(memory)}))
"""

PARTS = """
import json, sys, time
from pathlib import Path
from faceswap_ae.runtime import devices
devices.choose_device("cpu")
import av
from faceswap_ae.conversion import renderer
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.conversion.convert import output_spec, seal_of
from faceswap_ae.conversion.converter import ConvertOptions, Converter
from faceswap_ae.common.progress import no_progress
from faceswap_ae.training.runs.run import Run
from faceswap_ae.media.resumable_writer import resumable
from faceswap_ae.media.span import Span
from faceswap_ae.conversion.views import VIEWS
clip, run, data, folder = (Path(word) for word in sys.argv[1:5])
part, count = Span(last=79), 80
one = open_clip(clip)
converter = Converter(ConvertOptions((Run(run),), data, span=part, cut=True), no_progress)
prepared = converter.prepare(one, part, covers=False)
plan = prepared.plan
spent = {}

def timed(name, work):
    begin = time.process_time()
    found = work()
    spent[name] = (time.process_time() - begin) / count
    return found

def bare():
    with av.open(clip) as source, av.open(folder / "bare.mp4", "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = one.width, one.height, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            if number == count:
                break
            frame.pts = None
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))

def encode():
    seal = seal_of(converter, prepared)
    place = folder / "part.mp4"
    output = output_spec(prepared, place, VIEWS["result"], converter.options, seal)
    with resumable(output, {}) as parts:
        for frame in frames:
            parts.write(frame.image, frame.time, frame.duration)

list(renderer.render(reader.frames(one, Span(last=15)), plan))
frames = timed("decode", lambda: list(reader.frames(one, part)))
faced = timed("crops, network, mask", lambda: list(renderer.generated(iter(frames), plan)))
def dress():
    for _ in renderer.composite(faced, plan):
        pass
timed("colour, blend, grain", dress)
timed("encode", encode)
timed("bare decode and encode", bare)
print(json.dumps(spent))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--long", type=int, default=0, help="frames for the peak of memory: 10000")
    parser.add_argument(
        "--cases", nargs="+", default=["quick-720p", "original-720p", "quick-1080p"]
    )
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(report("convert", {}, **measured(Path(folder), wanted)))


def measured(place: Path, wanted: argparse.Namespace) -> dict[str, Any]:
    """Measure every case, and the peak memory of a long clip if asked for."""
    found: dict[str, Any] = {}
    names = [case.split("-") for case in wanted.cases]
    clips = {size: filmed(place, size, wanted.frames) for size in {size for _, size in names}}
    first = next(iter(clips.values()))
    data = place / "data"
    asked(EXTRACT, first[1], data, "ada")
    shoot(Film("ben", seconds=Fraction(1), fps=Fraction(25)), place / "ben", lambda _: None)
    asked(EXTRACT, place / "ben" / "clip.mp4", data, "ben")
    for recipe, size in names:
        run = place / "runs" / recipe
        if not run.exists():
            asked(TRAIN, data, run, recipe)
        clip, short = clips[size]
        out = place / f"{recipe}-{size}"
        out.mkdir()
        whole = asked(CONVERT, clip, run, data, out, short)
        found[f"{recipe} {size}"] = {**whole, "parts": asked(PARTS, clip, run, data, out)}
    if "original 720p" in found:
        found["times the peer"] = round(PEER / found["original 720p"]["cpu"], 1)
    if wanted.long:
        case = " ".join(names[0])
        peak = memory(place, wanted, names[0])
        found["peak MiB"] = {f"{wanted.frames} frames": found[case]["peak MiB"], **peak}
    return found


def memory(place: Path, wanted: argparse.Namespace, case: list[str]) -> dict[str, int]:
    """The peak memory (MiB) of detecting and converting a long clip: the first case's, repeated."""
    clip, short = filmed(place, case[1], wanted.frames)
    long = repeated(clip, place / "long.mp4", None, -(-wanted.long // wanted.frames))
    out = place / "memory"
    out.mkdir()
    told = asked(CONVERT, long, place / "runs" / case[0], place / "data", out, short)
    return {f"{told['frames']} frames": told["peak MiB"]}


def filmed(place: Path, size: str, frames: int) -> tuple[Path, Path]:
    """A clip of ada with about `frames` frames, and a short one for warming up."""
    clip, short = place / f"{size}.mp4", place / f"{size}-short.mp4"
    if not clip.exists():
        seconds = Fraction(min(frames, 100), 25)
        film = Film("ada", seconds=seconds, fps=Fraction(25), size=SIZES[size])
        shoot(film, place / size, lambda _: None)
        source = place / size / "clip.mp4"
        repeated(source, clip, None, -(-frames // 100))
        repeated(source, short, 40, 1)
    return clip, short


if __name__ == "__main__":
    main()
