"""How are the figures of the claims written as a page: tables, verdicts, strips of pictures?"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.claims_cast import HELD, HELD_FPS, SECONDS
from benchmarks.claims_pictures import strips
from benchmarks.claims_runs import SIZES, VARIANTS, WAS, Work
from benchmarks.claims_score import Scores
from benchmarks.claims_words import Gain, format_number, gain, mean, table, together
from faceswap_ae.common.atomic import write_text

FRAMES = len(HELD) * int(SECONDS * HELD_FPS)  # number of frames in the held-out clips
Column = tuple[str, Callable[[Any], str]]  # the column's title, and its cell's text for a result


def write(work: Work, out: Path, seconds: float) -> list[Path]:
    """Write the page and its pictures into a folder. Return the files."""
    out.mkdir(parents=True, exist_ok=True)
    found = {name: work.result(name) for name in (*VARIANTS, "references")}
    parts = (_opening(seconds), _adversarial(found), _perceptual(found), _mask(found))
    page = out / "README.md"
    write_text(page, "\n".join((*parts, _sizes(found))))
    return [page, *strips(work, out)]


def figure(group: str, name: str, digits: int = 2) -> Callable[[Any], str]:
    """A function that gives a score's mean over the frames in which it was measured."""
    return lambda result: format_number(mean(result.get(group, {}).get(name, ())), digits)


def fact(name: str, digits: int = 0) -> Callable[[Any], str]:
    """A function that gives a fact about the training itself, or an empty text."""
    return lambda result: format_number(result[name], digits) if name in result else ""


COST: tuple[Column, ...] = (("steps", fact("steps")), ("CPU-seconds", fact("cpu")))


def compared(columns: Sequence[Column], rows: Sequence[tuple[str, Any]]) -> str:
    """A table with one row for each result."""
    head = ["", *(title for title, _ in columns)]
    return table(head, [[name, *(cell(one) for _, cell in columns)] for name, one in rows])


def over_plain(found: Any, name: str, group: str, what: str, *, less: bool = False) -> Gain:
    """How much better a variant's score is than the mean of the two plain trainings'."""
    rows: list[Scores] = [found[one][group] for one in ("plain", "plain again", name)]
    return gain(*(row[what] for row in rows), less=less)


def spoken(one: Gain, digits: int = 3) -> str:
    """The text for a difference and its noise."""
    return f"{format_number(one.size, digits)} (noise {format_number(one.noise, digits)})"


def _opening(seconds: float) -> str:
    return f"""# What the claims are worth in minutes

Each claim of this family of face swaps, tried on the synthetic cast (ben's face onto ada's
performance), where the exact answer is known. This page and its pictures are written by

```sh
python -m benchmarks.claims --seconds {seconds:g}
```

Every training has about {seconds:g} CPU-seconds on 2 cores: how many steps they buy is measured
before. All have the recipe `quick` as it was then
(`{" ".join(WAS)}`)
at 64 pixels, the trainer `gan` with its own terms switched off, one seed, and 160 faces of each
person from four clips, if nothing else is said. Scores are
means over {FRAMES} frames of two clips that nobody learnt from. Swaps take on the frame's colours
(by `mkl`), then they are compared with the true swap under the true mask, at 256 pixels;
pictures show the network's whole square. Faces are cut by the renderer's landmarks, so no
detector's errors are in here.

**Noise** is what two trainings differ by that differ by their seed alone, or the error of the mean
over the frames, if that is more. A difference shows if it is more than twice the noise. These are
minutes on small networks: what does not show here may show after days.
"""


def _adversarial(found: Any) -> str:
    columns: tuple[Column, ...] = (
        *COST,
        *_pixels("swap", "swap: "),
        *_pixels("again", "as herself: "),
    )
    rows = (
        ("plain", found["plain"]),
        ("plain, another seed", found["plain again"]),
        ("adversarial", found["adversarial"]),
        ("the truth through 64 pixels", found["references"]["truth 64"]),
        ("no training: ben's nearest frame", found["references"]["nearest"]),
    )
    return f"""
## Adversarial or plain

The adversarial one is plain for 60 % of its steps; then a discriminator of each person joins in
(relativistic, a quarter of the width, at a weight of .1). Sharpness is how much detail there is,
the truth's being 1; noise is detail too, so beside it stands how far it is the *same* detail
(correlation, 1 at best). SSIM and levels of 255 are to the truth, and of ada as herself to what was
filmed.

{compared(columns, rows)}
{adversarial_words(found)}

![performance, truth, plain, adversarial](adversarial.png)
"""


def _pixels(group: str, title: str) -> tuple[Column, ...]:
    return (
        (f"{title}sharpness", figure(group, "sharpness")),
        ("same detail", figure(group, "detail")),
        ("SSIM", figure(group, "ssim", 3)),
        ("off, levels", figure(group, "mae", 1)),
    )


def adversarial_words(found: Any) -> str:
    """The verdict: does an adversarial loss sharpen, at equal reconstruction, with true detail?"""
    sharper = over_plain(found, "adversarial", "swap", "sharpness")
    same = over_plain(found, "adversarial", "swap", "detail")
    nearer = over_plain(found, "adversarial", "again", "ssim")
    lost = [
        text
        for one, text in (
            (same, "the detail is less the truth's"),
            (nearer, "faces are less alike"),
        )
        if one.verdict == "contrary"
    ]
    said = (
        f"Sharpness of the swap changes by {spoken(sharper)}, how far its detail is the truth's by "
        f"{spoken(same)}, similarity of her own face by {spoken(nearer)}."
    )
    if sharper.verdict != "yes":
        return f"**Does not show at this budget.** {said}"
    if lost:
        return f"**Shows in part: sharper, but {' and '.join(lost)}.** {said}"
    return f"**Shows: sharper, at equal reconstruction.** {said}"


def _perceptual(found: Any) -> str:
    columns: tuple[Column, ...] = (
        *COST,
        ("frames with an iris", lambda one: str(seen(one["swap"]["gaze"]))),
        ("gaze off, widths of the eye", figure("swap", "gaze", 3)),
        (
            "gaze follows",
            lambda one: format_number(together(one["swap"]["looks"], one["swap"]["wanted"])),
        ),
        ("distance to ben", figure("swap", "identity", 3)),
        ("to the true swap", figure("swap", "apart", 3)),
        ("same detail", figure("swap", "detail")),
        ("SSIM", figure("swap", "ssim", 3)),
    )
    known = found["references"]
    rows = (
        ("off", found["plain"]),
        ("off, another seed", found["plain again"]),
        ("on", found["perceptual"]),
        ("the truth", known["truth"]),
        ("no training: ben's nearest frame", known["nearest"]),
        ("nothing swapped", known["unswapped"]),
    )
    return f"""
## A perceptual loss or none

By dlib's network, which is here without a download, at a weight of .3 in the last 40 % of the
steps; at 1 it was fooled by checkered eyes, of which a trace is left at .3. Where the irises are
within the eyes' outline is compared with the truth (a degree is about .0075 widths of the eye) in
the frames in which the swap shows one at all: blurred eyes show none. *Follows* is the correlation
of both from frame to frame, sideways. Distances are of dlib's descriptors: to the view of ben whose
head is turned most alike, which a mean face of his comes near to, and to the same frame of the true
swap. The network that judges here is the one that helped.

{compared(columns, rows)}
{perceptual_words(found)}

![performance, truth, off, on](perceptual.png)
"""


def perceptual_words(found: Any) -> str:
    """The verdict: does a perceptual loss improve the gaze and the likeness?"""
    words = {"yes": "Shows", "no": "Does not show at this budget", "contrary": "The contrary shows"}
    about = {
        "gaze": "the gaze's error is less by",
        "identity": "the distance to ben is less by",
        "apart": "the distance to the true swap is less by",
    }
    told_of = []
    for what, text in about.items():
        one = over_plain(found, "perceptual", "swap", what, less=True)
        told_of.append(f"- **{words[one.verdict]}:** {text} {spoken(one)}{_where(found, what)}.")
    steps = found["plain"]["steps"] / found["perceptual"]["steps"]
    same = over_plain(found, "perceptual", "swap", "detail")
    told_of.append(f"- How far the swap's detail is the truth's changes by {spoken(same)}.")
    told_of.append(f"- For the same CPU time it has {format_number(steps, 1)} times fewer steps.")
    return "\n".join(told_of)


def _where(found: Any, what: str) -> str:
    """The text for how many frames had something to compare; empty if all had."""
    three = (found[name]["swap"][what] for name in ("plain", "plain again", "perceptual"))
    rows = np.array([list(row) for row in three], np.float64)
    count = seen(rows.sum(axis=0))
    return "" if count == rows.shape[1] else f", in the {count} frames in which all three show it"


def seen(row: Sequence[float]) -> int:
    """The number of frames with something to measure."""
    return int(np.isfinite(row).sum())


def _mask(found: Any) -> str:
    columns: tuple[Column, ...] = (
        ("IoU", figure("", "iou", 3)),
        ("of the visible face, kept", figure("", "kept")),
        ("of what hides it, left out", figure("", "left_out")),
    )
    masks = found["mask"]["masks"]
    rows = [
        (title, {"": masks[name]})
        for title, name in (
            ("learned mask", "learned"),
            ("the landmarks' hull, without looking", "hull"),
            ("both: the lesser of the two", "both"),
            ("the hull without what hides it, at best", "best"),
        )
    ]
    count, cost = len(masks["hull"]["iou"]), compared(COST, [("learned mask", found["mask"])])
    return f"""
## A learned mask with something before the face

Trained with painted hands, rods and things before half of the faces, and a mask that counts a
hundred times as much. Judged on {count} frames of two clips in which a hand, or a microphone,
covers at least a twentieth of the face. The hull, which masks are learnt from, has some forehead
that the renderer's mask of the visible face has not: the last row is the best that can be.

{cost}
{compared(columns, rows)}
{mask_words(found)}

![performance, visible face, learned mask, hull, swap](mask.png)
"""


def mask_words(found: Any) -> str:
    """The verdict: is a learned mask closer to the visible face than the landmarks' hull is?"""
    masks = found["mask"]["masks"]
    words = {
        "yes": "Shows",
        "no": "Does not show at this budget",
        "contrary": "Does not show at this budget: the hull is nearer",
    }
    told_of = []
    for title, name in (("Alone", "learned"), ("With the hull", "both")):
        one = gain(masks["hull"]["iou"], masks["hull"]["iou"], masks[name]["iou"])
        told_of.append(f"- **{title}: {words[one.verdict]}.** IoU is better by {spoken(one)}.")
    return "\n".join(told_of)


def _sizes(found: Any) -> str:
    columns: tuple[Column, ...] = (
        *COST,
        ("CPU-seconds a step", fact("each", 3)),
        ("weights, millions", lambda one: format_number(one.get("weights", np.nan) / 1e6, 1)),
        ("sharpness", figure("swap", "sharpness")),
        ("SSIM", figure("swap", "ssim", 3)),
        ("distance to ben", figure("swap", "identity", 3)),
    )
    rows = [(f"{name} pixels", found[run]) for name, run in SIZES.items()]
    return f"""
## 64, 128 and 256 pixels

The same network at three sizes, each for the same CPU time. Every size works; what a larger one
can show more of, it learns more slowly.

{compared(columns, rows)}
![performance, truth, 64, 128 and 256 pixels](sizes.png)
"""
