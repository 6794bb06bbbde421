"""`synth`: how is a clip of people who do not exist rendered, with its ground truth?"""

from pathlib import Path

from faceswap_ae.interface.arguments import AnyPath, Time, as_text, check_range
from faceswap_ae.interface.calls import public
from faceswap_ae.interface.progress_bars import ProgressFunction, choose_display
from faceswap_ae.interface.results import SynthResult


@public
def synth(
    out: AnyPath,
    who: str = "ada",
    *,
    as_if: str | None = None,
    truth: str = "features",
    company: str | None = None,
    seconds: Time = "10",
    fps: Time = "15",
    size: str = "480x360",
    seed: int = 0,
    occlude: bool = False,
    cut: bool = False,
    lossless: bool = False,
    photo: bool = False,
    progress: bool | ProgressFunction = True,
) -> SynthResult:
    """Render a performance of somebody who does not exist, with sound and truth.

    A clip that is there already, made in just this way, is not made again.

    >>> synth("clips/ben", "ben", seconds=1, fps=8, size="256x192")
    clips/ben/clip.mp4
    clips/ben/truth.json
    clips/ben/face-mask.mkv

    Args:
        out: Folder for clip, face-mask.mkv and truth.json.
        who: ada ben carl dina emil fatou, or random:7.
        as_if: Whose face they have: the truth.
        truth: features (brows to chin) or face.
        company: A second person.
        seconds: Length.
        fps: Frames per second.
        size: Width x height.
        seed: Of the performance.
        occlude: Something crosses the face.
        cut: Another place from the middle on.
        lossless: clip.mkv, FFV1.
        photo: Draw a portrait of WHO instead; OUT is a .png.
        progress: A bar; False is none; or a function of a task, the share done, and words.
    """
    from faceswap_ae.media.span import parse_rate, parse_time
    from faceswap_ae.synthetic.film import Film, film_of, shoot
    from faceswap_ae.synthetic.people import truth_named
    from faceswap_ae.synthetic.scene import parse_size

    check_range(0, seed=seed)
    if photo:
        return _photo(Path(out), who)
    film = Film(
        who,
        as_if,
        truth_named(truth),
        company,
        parse_time(as_text(seconds) or ""),
        parse_rate(as_text(fps) or ""),
        parse_size(size),
        seed,
        occlude,
        cut,
    )
    folder = Path(out)
    files = [folder / name for name in _names(lossless)]
    if film_of(folder) != film or not all(path.is_file() for path in files):
        with choose_display(progress).progress("synth", film.count) as advance:
            files = shoot(film, folder, advance, lossless=lossless)
    return SynthResult(files[0], files)


def _photo(out: Path, who: str) -> SynthResult:
    """Draw a portrait."""
    from faceswap_ae.common.atomic import replacing
    from faceswap_ae.common.errors import UserError
    from faceswap_ae.media import png
    from faceswap_ae.media.ownership import check_may_replace
    from faceswap_ae.media.provenance import WRITTEN
    from faceswap_ae.synthetic.photo import portrait

    if out.suffix.lower() != ".png":
        raise UserError(f"{out}: a portrait goes into .png")
    check_may_replace(out)
    image = portrait(who)
    with replacing(out) as part:
        part.write_bytes(png.encode(image, WRITTEN))
    return SynthResult(out, [out])


def _names(lossless: bool) -> tuple[str, ...]:
    return ("clip.mkv" if lossless else "clip.mp4", "truth.json", "face-mask.mkv")
