"""What does a training step cost? `python -m benchmarks.train`.

CPU-seconds for a pair: one face of each identity, forward, backward and Adam, as `train` does it,
the feed's work apart. The strongest peer, deepfakes/faceswap on torch, needs .44 to .47 of them for
`lightweight` and .34 to .46 for `original`.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np

from benchmarks.measure import report

PEER = {"lightweight": (0.44, 0.47), "original": (0.34, 0.46)}
STEPS = 4  # after two that compile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["lightweight", "original", "quick"])
    parser.add_argument("--batches", nargs="+", type=int, default=[16, 64])
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        print(json.dumps(measured(wanted.one[0], int(wanted.one[1]), wanted.one[2])))
        return
    found = {}
    for model in wanted.models:
        for batch in wanted.batches:
            for precision in ("float32", "bfloat16"):
                # In a process of its own: a policy holds for all layers.
                words = ["-m", "benchmarks.train", "--one", model, str(batch), precision]
                done = subprocess.run(
                    [sys.executable, *words], check=True, capture_output=True, text=True
                )
                told = json.loads(done.stdout.strip().splitlines()[-1])
                found[f"{model} {batch} {precision}"] = told
    print(report("train", {}, per_pair=found, peer=PEER))


def measured(model: str, batch: int, precision: str) -> dict[str, float]:
    """CPU- and clock-seconds for a pair, and GiB at most."""
    from faceswap_ae import game, memory, plan
    from faceswap_ae.feed import Batch
    from faceswap_ae.networks import IDENTITIES
    from faceswap_ae.player import Known
    from faceswap_ae.stepper import Stepper

    settings = plan.load("quick" if model == "quick" else model, [f"precision={precision}"])
    own = game.networks(settings)
    rng = np.random.default_rng(0)
    size, out = own.size_in, own.size_out

    def faces(side: int, channels: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        return rng.uniform(size=(batch, side, side, channels)).astype(np.float32)

    batches = {
        name: Batch(
            faces(size, 3),
            faces(out, 3),
            faces(out, 1),
            faces(out, 1),
            faces(out, 1),
            rng.uniform(size=(batch, 68, 2)).astype(np.float32),
        )
        for name in IDENTITIES
    }
    known = Known(
        {name: one.landmarks[0] for name, one in batches.items()},
        {name: one.target[0] for name, one in batches.items()},
        {name: one.mask[0] for name, one in batches.items()},
    )
    stepper = Stepper(game.game(settings, own, known).players, settings.optimiser)
    for _ in range(2):
        stepper.step([batches], 1e-5)
    processor, wall = time.process_time(), time.perf_counter()
    for _ in range(STEPS):
        stepper.step([batches], 1e-5)
    spent, passed = time.process_time() - processor, time.perf_counter() - wall
    pairs = STEPS * batch
    return {
        "cpu": round(spent / pairs, 4),
        "wall": round(passed / pairs, 4),
        "peak GiB": round(memory.peak() / 2**30, 2),
    }


if __name__ == "__main__":
    main()
