"""Which claims about face swap methods hold after minutes of training (ablation study)?

`python -m benchmarks.claims --seconds 200` trains the variants that the claims compare, on the
synthetic cast, each for the same CPU time. It scores held-out clips against the exact ground truth
and writes `docs/claims/`. Each training runs in a process of its own. Finished work is kept in the
work folder: after an interruption, the same command continues.
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

REFERENCES = "references"  # the baselines that need no training


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
    """Train and score one variant, or score the references, which need no training."""
    if name == REFERENCES:
        claims_runs.references(work)
        return
    if not work.spent(name).exists():
        claims_runs.trained(work, name, seconds)
    claims_runs.judged(work, name)


if __name__ == "__main__":
    main()
