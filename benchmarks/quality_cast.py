"""On which pairs of people, and on which clips, is the quality of swaps measured?

Each pair has films for training, a held-out performance, and its ground truth: the same performance
with the owner's face. All clips are processed like a user's clips, detection included, so that the
whole toolkit is compared and not a part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from faceswap_ae.extraction import extractor
from faceswap_ae.extraction.options import ExtractOptions
from faceswap_ae.synthetic.film import Film, film_of, shoot

SIZE, RATE = (480, 360), Fraction(15)
TAUGHT, HELD = Fraction(8), Fraction(6)  # seconds of a training film, and of the swapped film


@dataclass(frozen=True)
class Pair:
    """Whose face is put onto whom, and the seeds of the films (of performances and light)."""

    face: str
    onto: str
    seeds: tuple[int, int, int, int]  # two training films for each person
    held: int  # the seed of the held-out film

    def __str__(self) -> str:
        return f"{self.face}-on-{self.onto}"

    @property
    def films(self) -> dict[str, list[Film]]:
        """The training films, by person."""
        first, second = self.seeds[:2], self.seeds[2:]
        return {self.face: _films(self.face, first), self.onto: _films(self.onto, second)}

    @property
    def play(self) -> Film:
        """The held-out film that is swapped."""
        return Film(self.onto, size=SIZE, fps=RATE, seconds=HELD, seed=self.held)


# Pairs of the cast who look different (a man's face onto a woman and the reverse), and pairs of
# random people.
PAIRS = (
    Pair("ben", "ada", (1, 11, 2, 12), 7),
    Pair("dina", "carl", (3, 13, 4, 14), 27),
    Pair("random:101", "random:102", (5, 15, 6, 16), 37),
    Pair("random:103", "random:104", (8, 18, 9, 19), 47),
)


@dataclass(frozen=True)
class Stage:
    """A pair's folder, with its faces, its performance and its ground truth (`answer`)."""

    folder: Path
    pair: Pair

    @property
    def face(self) -> Path:
        return self.folder / "data" / _plain(self.pair.face)

    @property
    def onto(self) -> Path:
        return self.folder / "data" / _plain(self.pair.onto)

    @property
    def play(self) -> Path:
        return self.folder / "play" / "clip.mp4"

    @property
    def answer(self) -> Path:
        return self.folder / "answer"


def staged(stage: Stage) -> None:
    """Render and extract what is missing in a pair's folder."""
    for who, films in stage.pair.films.items():
        clips = [_shot(film, stage.folder / f"{_plain(who)}-{film.seed}") for film in films]
        options = ExtractOptions(stage.folder / "data")
        extractor.extract(clips, _plain(who), options)
    _shot(stage.pair.play, stage.play.parent)
    _shot(replace(stage.pair.play, as_if=stage.pair.face), stage.answer)


def _films(who: str, seeds: Sequence[int]) -> list[Film]:
    return [Film(who, size=SIZE, fps=RATE, seconds=TAUGHT, seed=seed) for seed in seeds]


def _shot(film: Film, folder: Path) -> Path:
    lossless = film.as_if is not None
    clip = folder / ("clip.mkv" if lossless else "clip.mp4")
    if film_of(folder) != film:
        shoot(film, folder, lambda _: None, lossless=lossless)
    return clip


def _plain(who: str) -> str:
    """A person's name as the name of a folder."""
    return who.replace(":", "-")
