"""Which trainings (variants of one recipe) do the claims compare, and where are results kept?

All have the same base: the network `quick`, the trainer `gan`, the same seed and the same faces. A
budget is in CPU-seconds of the whole process, because wall-clock time also includes other work of
the machine. The number of steps in a budget is measured before the training.
"""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import claims_score as score
from benchmarks.budgets import bought, cost
from benchmarks.claims_cast import Cast
from benchmarks.pasting import levels
from faceswap_ae.common.atomic import replacing, write_text
from faceswap_ae.runtime.backend import load_keras
from faceswap_ae.training.recipe import load_recipe
from faceswap_ae.training.stages import Budget

RECIPE = "quick"
SIZE = 64  # pixels, for all variants that do not compare sizes
# The adversarial trainer with only the plain trainer's loss terms. Its own are off for all.
ALIKE = (
    *("trainer=gan", "mae=1", "eyes=0", "edge=0", "sparsity=0", "variation=0", "adversarial=0"),
    *(f"size={SIZE}", "judge_rate=0.1", "preview_seconds=100000", "save_minutes=10000"),
)
# The recipe's settings when the page was written, so that its figures can be reproduced.
WAS = (
    *("masked=false", "outside=0.3", "training.mask=0.1", "occluder=0.1", "align=1"),
    *("rotation=10", "scale=0.08", "shift=0.05", "warp=0.03"),
)
HIDING = ("occluder=0.5", "training.mask=10")
# First the faces are learnt, then a loss term makes them sharp: a discriminator or a perceptual
# network cannot judge faces that are still blurred.
LATE = "[{name: faces, share: 60, leave: share}, {name: late, share: 40, changes: {%s}}]"
ADVERSARIAL = ("stages=" + LATE % "adversarial: 0.1", *("game=relativistic", "judge_width=0.25"))
# With a weight of 1 the training fools dlib's network within these minutes, by checkered eyes.
PERCEPTUAL = ("stages=" + LATE % "perceptual: 0.3",)

# Each variant, with the settings that it changes.
VARIANTS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "plain again": ("seed=1",),
    "mask": HIDING,
    "perceptual": PERCEPTUAL,
    "adversarial": ADVERSARIAL,
    "128": ("size=128",),
    "256": ("size=256",),
}
SIZES = {"64": "plain", "128": "128", "256": "256"}  # the variant for each size in pixels


@dataclass(frozen=True)
class Work:
    """The folder in which all results are kept until the page is written."""

    folder: Path

    @property
    def cast(self) -> Cast:
        return Cast(self.folder / "cast")

    def run(self, name: str) -> Path:
        return self.folder / "runs" / name.replace(" ", "-")

    def spent(self, name: str) -> Path:
        """The file with a training's cost. It exists when the training is finished."""
        return self.folder / f"{self.run(name).name}.cost.json"

    def took(self, name: str) -> Any:
        return json.loads(self.spent(name).read_bytes())

    def told(self, name: str) -> Path:
        """The file with a variant's figures."""
        return self.folder / f"{self.run(name).name}.json"

    def pictures(self, name: str) -> Path:
        """The file with a variant's faces."""
        return self.folder / f"{self.run(name).name}.npz"

    def result(self, name: str) -> Any:
        return json.loads(self.told(name).read_bytes())


def settings(name: str) -> Any:
    """Load the recipe of a variant."""
    return load_recipe(RECIPE, [*ALIKE, *WAS, *VARIANTS[name]])


def trained(work: Work, name: str, seconds: float) -> None:
    """Train a variant from its beginning, and keep its cost."""
    from faceswap_ae.training.train import Job, train

    chosen, run = settings(name), work.run(name)
    shutil.rmtree(run, ignore_errors=True)  # an interrupted benchmark may have left a run
    start, each = cost(work.cast.owner, work.cast.performer, chosen)
    steps = bought(seconds, start, each)
    before = time.process_time()
    train(Job(work.cast.owner, work.cast.performer, run, chosen, Budget(steps)))
    spent = time.process_time() - before
    facts = {"steps": steps, "cpu": spent, "each": each}
    write_text(work.spent(name), json.dumps(facts) + "\n")


def judged(work: Work, name: str) -> None:
    """Score a trained variant, and keep its figures and faces."""
    from faceswap_ae.training.runs.run import Run
    from faceswap_ae.training.trained_run import load_trained

    load_keras()
    found = load_trained(Run(work.run(name)))
    weights = sum(part.count_params() for part in found.networks.parts.values())
    scores, pictures = scored(work.cast, found)
    with replacing(work.pictures(name)) as part, part.open("wb") as file:
        np.savez(file, **pictures)
    told = {**work.took(name), "weights": weights, **scores}
    write_text(work.told(name), json.dumps(told) + "\n")


def scored(cast: Cast, found: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """All figures of a run for each frame, and its faces and masks."""
    held, occluded, owner = cast.held, cast.occluded, score.owners(cast)
    made, hidden = score.made(found, held), score.made(found, occluded)
    swap = score.recolouring(score.enlarged(made.faces), held)
    again = levels(score.enlarged(made.again))
    masks = score.enlarged(hidden.masks)
    scores = {
        "swap": score.likenesses(swap, held, owner),
        "again": score.rebuilt(again, held),
        "masks": score.masked(masks, occluded),
    }
    covered = score.recolouring(score.enlarged(hidden.faces), occluded)
    return scores, {"swap": swap, "masks": levels(masks), "covered": covered}


def references(work: Work) -> None:
    """Score the references, which need no training, and keep their figures and pictures."""
    cast = work.cast
    held, owner = cast.held, score.owners(cast)
    true, frames = score.crops(cast.held.true, held), score.crops(held.image, held)
    found = {
        "truth": true,
        "unswapped": frames,
        "nearest": score.recolouring(score.nearest(cast, held), held),
        **{f"truth {side}": levels(score.seen_through(true, side)) for side in (64, 96, 128)},
    }
    scores = {name: {"swap": score.likenesses(one, held, owner)} for name, one in found.items()}
    with replacing(work.pictures("references")) as part, part.open("wb") as file:
        np.savez(file, frames=frames, true=true, nearest=found["nearest"])
    write_text(work.told("references"), json.dumps(scores) + "\n")
