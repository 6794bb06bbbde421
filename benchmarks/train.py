"""How much CPU time and memory does a training step cost? `python -m benchmarks.train`.

The unit is CPU-seconds for a pair, which is one face of each identity: forward pass, backward pass
and optimiser step of every player, as `train` does it in the recipe's last stage, where all loss
terms are active. The data pipeline's work is not counted. The strongest peer, deepfakes/faceswap on
torch, needs .44 to .47 CPU-seconds for `lightweight` and .34 to .46 for `original`. Example of
options: `--recipes gan64 --batches 8`.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np

from benchmarks.measure import report

PEER = {"lightweight": (0.44, 0.47), "original": (0.34, 0.46)}
STEPS = 4  # timed steps, after two that compile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", default=["lightweight", "original", "quick"])
    parser.add_argument("--batches", nargs="+", type=int, default=[16, 64])
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        print(json.dumps(measured(wanted.one[0], int(wanted.one[1]), wanted.one[2])))
        return
    found = {}
    for name in wanted.recipes:
        for batch in wanted.batches:
            for precision in wanted.precisions:
                # In a process of its own: the precision policy is global for all Keras layers.
                words = ["-m", "benchmarks.train", "--one", name, str(batch), precision]
                done = subprocess.run(
                    [sys.executable, *words], check=True, capture_output=True, text=True
                )
                told = json.loads(done.stdout.strip().splitlines()[-1])
                found[f"{name} {batch} {precision}"] = told
    print(report("train", {}, per_pair=found, peer=PEER))


def measured(name: str, batch: int, precision: str) -> dict[str, float]:
    """CPU-seconds and wall-clock seconds for a pair, and the peak memory in GiB."""
    from faceswap_ae.networks.model_interface import IDENTITIES
    from faceswap_ae.runtime import memory
    from faceswap_ae.training.build import batch_statistics, build_networks
    from faceswap_ae.training.data.batches import Batch
    from faceswap_ae.training.learner import Learner
    from faceswap_ae.training.recipe import load_recipe, stages_of

    settings = load_recipe(name, [f"precision={precision}"])
    own = build_networks(settings)
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
    known = batch_statistics(batches)
    learner = Learner(settings, own, known)
    learner.enter(len(stages_of(settings)) - 1)
    stepper = learner.stepper
    pairs_of_a_step = [batches] * stepper.pairs
    for _ in range(2):
        stepper.step(pairs_of_a_step, 1e-5)
    processor, wall = time.process_time(), time.perf_counter()
    for _ in range(STEPS):
        stepper.step(pairs_of_a_step, 1e-5)
    spent, passed = time.process_time() - processor, time.perf_counter() - wall
    pairs = STEPS * batch
    return {
        "cpu": round(spent / pairs, 4),
        "wall": round(passed / pairs, 4),
        "peak GiB": round(memory.peak_bytes() / 2**30, 2),
    }


if __name__ == "__main__":
    main()
