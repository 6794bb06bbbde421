"""Between whom is quality measured, and on what?

Each pair has films to learn from, a performance that nobody learns from, and the exact answer: the
same performance with the owner's face. All of it goes the way that a user's clips go, detection
included, so that what is compared is the toolkit and not a part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from faceswap_ae.extraction import extractor
from faceswap_ae.synthetic.film import Film, film_of, shoot

SIZE, RATE = (480, 360), Fraction(15)
TAUGHT, HELD = Fraction(8), Fraction(6)  # seconds of a film to learn from, and of what is swapped


@dataclass(frozen=True)
class Pair:
    """Whose face goes onto whom, and the seeds of the films: of their performances and light."""

    face: str
    onto: str
    seeds: tuple[int, int, int, int]  # two films each
    held: int

    def __str__(self) -> str:
        return f"{self.face}-on-{self.onto}"

    @property
    def films(self) -> dict[str, list[Film]]:
        """What is learnt from, by person."""
        first, second = self.seeds[:2], self.seeds[2:]
        return {self.face: _films(self.face, first), self.onto: _films(self.onto, second)}

    @property
    def play(self) -> Film:
        """What is swapped."""
        return Film(self.onto, size=SIZE, fps=RATE, seconds=HELD, seed=self.held)


# The cast both ways between people who look unlike, and people drawn by chance.
PAIRS = (
    Pair("ben", "ada", (1, 11, 2, 12), 7),
    Pair("dina", "carl", (3, 13, 4, 14), 27),
    Pair("random:101", "random:102", (5, 15, 6, 16), 37),
    Pair("random:103", "random:104", (8, 18, 9, 19), 47),
)


@dataclass(frozen=True)
class Stage:
    """A pair's folder, with its faces, performance and answer."""

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
    """Film and extract what is not there yet."""
    for who, films in stage.pair.films.items():
        clips = [_shot(film, stage.folder / f"{_plain(who)}-{film.seed}") for film in films]
        options = extractor.ExtractOptions(stage.folder / "data")
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
    """A name for a folder."""
    return who.replace(":", "-")
