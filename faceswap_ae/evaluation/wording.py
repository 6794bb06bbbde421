"""How are the metrics of a swap worded for the user: titles, sentences and a table?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from faceswap_ae.evaluation.frame_metrics import HIGHEST
from faceswap_ae.evaluation.scores import Score

Figures = Mapping[str, Score]

GROUPS = {
    "whose face": ("id_owner", "id_replaced", "nearer_to_owner", "retrieval"),
    "against the performance": (
        *("pose", "expression", "expression_px", "eyes", "mouth", "gaze"),
        *("sharpness", "seam", "missed"),
    ),
    "how it follows the performance": (
        *("eyes_follow", "mouth_follow", "brows_follow", "gaze_follow"),
        *("eyes_amount", "mouth_amount", "brows_amount", "gaze_amount"),
    ),
    "against the true swap": (
        *("pose_truth", "expression_truth", "eyes_truth", "mouth_truth", "gaze_truth"),
        *("ssim", "psnr", "psnr_coloured", "psnr_gain", "ssim_other", "psnr_other"),
    ),
    "steadiness": ("jitter", "jitter_ratio", "flicker", "warping"),
}
TITLES = {
    "id_owner": "distance to {face}",
    "id_replaced": "distance to {onto}",
    "nearer_to_owner": "nearer to {face}",
    "retrieval": "most similar view is {face}'s",
    "pose": "head",
    "expression": "landmarks",
    "expression_px": "landmarks, as in papers",
    "eyes": "eyes",
    "mouth": "mouth",
    "gaze": "gaze",
    "eyes_follow": "lids follow",
    "mouth_follow": "lips follow",
    "brows_follow": "brows follow",
    "gaze_follow": "gaze follows",
    "eyes_amount": "lids, how far",
    "mouth_amount": "lips, how far",
    "brows_amount": "brows, how far",
    "gaze_amount": "gaze, how far",
    "sharpness": "detail",
    "seam": "seam",
    "missed": "not swapped",
    "pose_truth": "head",
    "expression_truth": "landmarks",
    "eyes_truth": "eyes",
    "mouth_truth": "mouth",
    "gaze_truth": "gaze",
    "ssim": "SSIM",
    "psnr": "PSNR",
    "psnr_unswapped": "PSNR, unswapped",
    "psnr_coloured": "PSNR in true colours",
    "psnr_gain": "PSNR gained",
    "ssim_other": "SSIM, other definition",
    "psnr_other": "PSNR, other definition",
    "jitter": "jitter",
    "jitter_truth": "jitter of the true swap",
    "jitter_ratio": "jitter, as a ratio",
    "flicker": "flicker",
    "warping": "warping error",
}
AMOUNTS = ("eyes_amount", "mouth_amount", "brows_amount", "gaze_amount")
SHARES = ("nearer_to_owner", "retrieval", "sharpness", *AMOUNTS)  # printed in per cent
# The columns of the table, and the value of a score that each shows; an empty one is left out.
COLUMNS = {"swap": "value", "floor": "floor", "truth": "truth", "untouched": "unswapped"}
COLUMN = 11  # characters of a figure in the terminal
PARTS = (("head", "°"), ("mouth", " %"), ("eyes", " %"))


@dataclass(frozen=True)
class SwapNames:
    """The names of both people: the owner of the face, and the person it is put onto."""

    face: str
    onto: str

    def title(self, figure: str) -> str:
        """Return the title of a metric."""
        return TITLES[figure].format(face=self.face, onto=self.onto)


def sentences(figures: Figures, names: SwapNames, seen: int) -> list[str]:
    """Return the headline as sentences. `seen` counts the frames that show the replaced person."""
    told = [
        _whose(figures, names),
        _performed(figures),
        _near(figures),
        _steady(figures),
        _missed(figures, names, seen),
    ]
    return [one for one in told if one]


def table(figures: Figures, names: SwapNames) -> Iterator[str]:
    """Yield all metrics as lines for a terminal, beside floor, true swap and untouched clip.

    A column that would be empty is left out.
    """
    known = [
        name
        for name, attribute in COLUMNS.items()
        if any(getattr(one, attribute) is not None for one in figures.values())
    ]
    yield f"{'':28}" + "".join(f"{name:>{COLUMN}}" for name in known)
    for group, members in GROUPS.items():
        shown = [name for name in members if figures[name].value is not None]
        if shown:
            yield group
        for name in shown:
            one = figures[name]
            told = [format_score(name, getattr(one, COLUMNS[column])) for column in known]
            columns = "".join(f"{value:>{COLUMN}}" for value in told)
            yield f"  {names.title(name):26}{columns}  {one.unit}".rstrip()


def format_score(name: str, value: float | None) -> str:
    """Format a metric with as many digits as are significant."""
    if value is None:
        return ""
    if name in SHARES:
        return f"{100 * value:.0f} %"
    if name == "missed":
        return f"{value:.0f}"
    if name.startswith(("id_", "ssim")):
        return f"{value:.3f}"
    if name.endswith("_follow") or name == "jitter_ratio":
        return f"{value:.2f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _whose(figures: Figures, names: SwapNames) -> str:
    share, near, far = (figures[name] for name in ("nearer_to_owner", "id_owner", "id_replaced"))
    if share.value is None or near.value is None or far.value is None:
        return ""
    told = f"Nearer to {names.face} than to {names.onto} in {100 * share.value:.0f} % of the frames"
    own = "" if near.floor is None else f", whose own views are {near.floor:.2f} apart"
    away = f"{near.value:.2f} from {names.face}{own}, and {far.value:.2f} from {names.onto}"
    return f"{told}: {away}."


def _performed(figures: Figures) -> str:
    parts = [figures[name] for name in ("pose", "mouth", "eyes")]
    values = [one.value for one in parts if one.value is not None]
    if len(values) < len(parts):
        return ""
    best, known = "noise alone", [one.floor for one in parts]
    if parts[0].truth is not None:
        best, known = "the true swap", [one.truth for one in parts]
    own, beside = (
        ", ".join(f"{what} {one:.1f}{unit}" for (what, unit), one in zip(PARTS, row, strict=True))
        for row in (values, [one or 0.0 for one in known])
    )
    apart = "Per cent are of the distance between the eyes."
    return f"Off the performance: {own} ({best}: {beside}). {apart}"


def _near(figures: Figures) -> str:
    one, other = figures["psnr"], figures["psnr_unswapped"]
    if one.value is None:
        return ""
    bare = "" if other.value is None else f"; the untouched clip is {other.value:.1f} dB from it"
    if one.value >= HIGHEST:
        return f"Pixel by pixel it is the true swap{bare}."
    return f"{one.value:.1f} dB from the true swap{bare}."


def _steady(figures: Figures) -> str:
    ratio, detail = figures["jitter_ratio"].value, figures["sharpness"].value
    if ratio is None or detail is None:
        return ""
    what = "performance" if figures["jitter_truth"].value is None else "true swap"
    told = f"It trembles {ratio:.1f} times as much as the {what}"
    return f"{told}. It shows {100 * detail:.0f} % of the natural detail."


def _missed(figures: Figures, names: SwapNames, seen: int) -> str:
    missed = figures["missed"].value
    if missed is None:
        return ""
    whose = f"{seen} frames that show {names.onto}"
    return f"{missed:.0f} of {whose} were missed." if missed else f"All {whose} were swapped."
