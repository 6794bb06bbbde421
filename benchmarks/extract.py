"""How much CPU time does extraction cost, against a plain loop? `python -m benchmarks.extract`.

The input is a 720p clip of the synthetic cast. The plain loops use face_recognition: they detect
faces (HOG detector with one upsampling, or CNN detector without) and compute landmarks and
encodings, and write nothing. Our extraction detects, computes descriptors, tracks, and writes
512-pixel PNGs. The time for loading is not counted on either side. Each runs in a process of its
own. Memory is the peak of such a process, for the clip and for ten times the clip.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.measure import report
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.reader import frames
from faceswap_ae.media.writer import writing
from faceswap_ae.synthetic.film import Film, shoot

# The usual loop with face_recognition, which people write themselves: the peer.
LOOP = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import av, face_recognition
path, model, upsample, step = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
images = (frame.to_ndarray(format="rgb24") for frame in av.open(path).decode(video=0))
found, spent, count = [], 0.0, 0
for number, image in enumerate(images):
    if number % step:
        continue
    begin = time.process_time()
    boxes = face_recognition.face_locations(image, upsample, model)
    face_recognition.face_landmarks(image, boxes)
    face_recognition.face_encodings(image, boxes)
    if count:  # the first call loads
        spent += time.process_time() - begin
    count += 1
    if boxes:
        found.append(number)
print(json.dumps({"cpu": spent / (count - 1), "found": found, "frames": count}))
"""

OURS = """
import json, resource, sys, tempfile, time
from pathlib import Path
from faceswap_ae.extraction.extractor import extract
from faceswap_ae.extraction.options import ExtractOptions
from faceswap_ae.faces.folders.journal import Journal
clip, warm = Path(sys.argv[1]), Path(sys.argv[2])
data = Path(tempfile.mkdtemp())
extract([warm], "warm", ExtractOptions(data))
begin, wall = time.process_time(), time.perf_counter()
summary = extract([clip], "person", ExtractOptions(data))
spent, passed = time.process_time() - begin, time.perf_counter() - wall
journal = Journal(data / "person")
key = journal.clips[0]
found = [n for n in sorted(journal.frames(key)) if journal.faces(key, n)]
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": spent / summary.looked, "wall": passed / summary.looked, "found": found,
    "frames": summary.looked, "written": sum(summary.written.values()), "peak MiB": round(memory)}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=6, help="of the clip, 25 frames each")
    parser.add_argument("--step", type=int, default=5, help="the CNN loop looks at each so many-th")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        film = Film("ada", seconds=Fraction(wanted.seconds), fps=Fraction(25), size=(1280, 720))
        shoot(film, place / "ada", lambda _: None)
        clip = place / "ada" / "clip.mp4"
        short, long = (
            repeated(clip, place / "short.mp4", 40, 1),
            repeated(clip, place / "long.mp4", None, 10),
        )
        ours = asked(OURS, clip, short)
        hog = asked(LOOP, clip, "hog", 1, 1)
        cnn = asked(LOOP, clip, "cnn", 0, wanted.step)
        tenfold = asked(OURS, long, short)
    print(
        report(
            "extract",
            {},
            cpu_ms_per_frame={
                name: round(1000 * run["cpu"], 1)
                for name, run in {"ours": ours, "hog loop": hog, "cnn loop": cnn}.items()
            },
            wall_ms_per_frame=round(1000 * ours["wall"], 1),
            times_the_hog_loop=round(hog["cpu"] / ours["cpu"], 1),
            times_the_cnn_loop=round(cnn["cpu"] / ours["cpu"], 1),
            found={"ours": len(ours["found"]), "hog loop": len(hog["found"]), "of": ours["frames"]},
            missed_that_the_cnn_loop_found=sorted({*cnn["found"]} - {*ours["found"]}),
            peak_mib={f"{run['frames']} frames": run["peak MiB"] for run in (ours, tenfold)},
        )
    )


def repeated(clip: Path, out: Path, most: int | None, times: int) -> Path:
    """Write the clip's frames, at most the first `most`, `times` times in a row. Return `out`."""
    source, number = open_clip(clip), 0
    with writing(out, source, Encoding()) as sink:
        for _ in range(times):
            for frame in frames(source):
                if most is not None and frame.index >= most:
                    break
                sink.write(frame.image, number / source.rate, 1 / source.rate)
                number += 1
    return out


def asked(program: str, *words: object) -> dict[str, Any]:
    """Run a Python program in a process of its own, and return the JSON of its last line."""
    command = [sys.executable, "-c", program, *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
