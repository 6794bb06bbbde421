"""Whom does anonymise leave recognisable, and how quick is it? `python -m benchmarks.anonymise`.

Films of the drawn cast are made anonymous as a user's clips are, in one batch. Then each visible
face of at least 24 pixels is counted by the renderer's truth: whether its place was changed, how
far the output's face is from the original's, who of all people is nearest, and how the mouth of the
new face follows. By chance a person is retrieved as often as one of all people of the films. The
same is asked of grey squares in place of the covered faces: a network gives those a distance too.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Any

import cv2

from benchmarks.anonymise_films import FILMS, CastFilm, read_truth, shoot
from benchmarks.anonymise_score import LEFT, SWAPPED, Judged, figures, judge, mouths, people_of
from benchmarks.measure import report
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.conversion.anonymiser import SWAP, AnonymiseStyle
from faceswap_ae.conversion.report import report_of
from faceswap_ae.conversion.second_look import ALIKE
from faceswap_ae.evaluation.anonymity import AnonymisedClip
from faceswap_ae.pipelines.anonymise import METHODS, AnonymiseOptions, anonymise

FRAMES = 75  # of each film
SHOWN = 30  # faces left as they were or recognisable, that are named
COLUMNS = (
    *("faces", "left", "swapped", "covered", "unlike, all", "unlike, swapped", "unlike, covered"),
    *("unlike, grey", "retrieved, all", "retrieved, swapped", "retrieved, covered"),
    *("retrieved, grey", "mouth", "frames/s"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=FRAMES, help="of each film")
    parser.add_argument("--people", default="1,2,5", help="films with so many people")
    parser.add_argument("--films", nargs="+", help="only these of them, by name")
    parser.add_argument("--method", default=SWAP, choices=METHODS)
    parser.add_argument("--work", type=Path, help="a folder to keep everything in")
    wanted = parser.parse_args()
    cv2.setNumThreads(1)
    work = wanted.work or Path(tempfile.gettempdir()) / "faceswap-ae-anonymise"
    numbers = [int(one) for one in wanted.people.split(",")]
    films = [film for film in FILMS if len(film.parts) in numbers]
    films = [film for film in films if not wanted.films or film.name in wanted.films]
    folders = [work / f"films-{wanted.frames}" / plain(film.name) for film in films]
    clips = [shoot(film, wanted.frames, place) for film, place in zip(films, folders, strict=True)]
    spent: dict[str, float] = {}
    options = AnonymiseOptions(AnonymiseStyle(wanted.method), overwrite=True)
    done, failures = anonymise(clips, work / wanted.method, options, timed(spent))
    assert not failures, failures
    judged = [
        judged_film(film, folder, made)
        for film, folder, made in zip(films, folders, done, strict=True)
    ]
    people = people_of(one for some in judged for one in some)
    found = {
        film.name: {
            **figures(some, people),
            "mouth": mouths(some, read_truth(folder), (made.clip, made.output), work / "found"),
            "published": made.published,
            "frames/s": round(made.frames / made.seconds, 2),
        }
        for film, folder, some, made in zip(films, folders, judged, done, strict=True)
    }
    every = [one for some in judged for one in some]
    found["all"] = figures(every, people)
    print(table(found, len(people)))
    bad = [one for one in every if one.became == LEFT]
    swapped = [one for one in every if one.became == SWAPPED and one.whole]
    bad += [one for one in swapped if one.distance <= ALIKE]
    for one in bad[:SHOWN]:
        where = f"{one.film}, frame {one.frame}, {one.who}, {one.size:.0f} pixels"
        print(f"{one.became}: {where}, distance {one.distance:.3f}, change {one.change:.1f}")
    print(report("anonymise", {}, films=found, chance=1 / len(people), cpu_seconds=spent))


def judged_film(film: CastFilm, folder: Path, made: AnonymisedClip) -> list[Judged]:
    told = JsonFields.read(report_of(made.output)).any("every")
    return judge(film.name, read_truth(folder), made.clip, made.output, told)


def timed(spent: dict[str, float]) -> Any:
    """A display of progress that shows nothing: it adds up the CPU seconds of each kind of task."""

    @contextmanager
    def progress(what: str, _total: int) -> Iterator[Callable[[int], None]]:
        begin, kind = process_time(), what.split(maxsplit=1)[0]
        yield lambda _done: None
        spent[kind] = round(spent.get(kind, 0.0) + process_time() - begin, 1)

    return progress


def table(found: dict[str, dict[str, Any]], people: int) -> str:
    """The films by row, as the docs have them."""
    rule = "|---" * (1 + len(COLUMNS)) + "|"
    lines = [f"chance: {1 / people:.3f}", f"| film | {' | '.join(COLUMNS)} |", rule]
    for film, row in found.items():
        cells = [cell(row.get(name)) for name in COLUMNS]
        lines.append(f"| {film} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{one:.2f}" for one in value.values())
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def plain(name: str) -> str:
    """A film's name as the name of a folder."""
    return "-".join(name.replace(",", "").split())


if __name__ == "__main__":
    main()
