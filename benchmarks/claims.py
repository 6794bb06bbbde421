"""What are the claims worth in minutes? `python -m benchmarks.claims --seconds 200`.

Trains what they compare on the synthetic cast, each for as much CPU time, scores clips that nobody
learnt from against the exact answer, and writes `docs/claims/`. Each training is a process of its
own, and what is done is kept in the work folder: broken off, the same command goes on.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

from benchmarks import claims_page, claims_runs
from benchmarks.claims_cast import filmed
from benchmarks.claims_runs import VARIANTS, Work

REFERENCES = "references"  # what needs no training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=200, help="of CPU, for a training")
    parser.add_argument("--work", type=Path, help="a folder to keep runs in, and to go on from")
    parser.add_argument("--out", type=Path, default=Path("docs/claims"))
    parser.add_argument("--one", choices=(*VARIANTS, REFERENCES), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    cv2.setNumThreads(1)
    name = f"faceswap-ae-claims-{wanted.seconds:g}"
    work = Work(wanted.work or Path(tempfile.gettempdir()) / name)
    if wanted.one:
        measure(work, wanted.one, wanted.seconds)
        return
    print(f"keeping runs in {work.folder}", flush=True)
    filmed(work.cast.folder)
    for one in (REFERENCES, *VARIANTS):
        if not work.told(one).exists():
            print(f"{one} ...", flush=True)
            own = ("--one", one, "--seconds", str(wanted.seconds), "--work", str(work.folder))
            subprocess.run((sys.executable, "-m", "benchmarks.claims", *own), check=True)
    for path in claims_page.write(work, wanted.out, wanted.seconds):
        print(path)


def measure(work: Work, name: str, seconds: float) -> None:
    """One training with its scores, or those of what needs none."""
    if name == REFERENCES:
        claims_runs.references(work)
        return
    if not work.spent(name).exists():
        claims_runs.trained(work, name, seconds)
    claims_runs.judged(work, name)


if __name__ == "__main__":
    main()
