"""How are all people in a batch of clips made anonymous, and nothing published in doubt?

1  find      every face of every frame; the journal is deleted at the end
2  choose    who stands in for each person (stand_ins.py)
3  write     swapped and covered, into a file that is named `.unchecked`
4  look      over the file; what still shows somebody is covered, and 3 begins again. Most of
             it is known before 3, from some frames that are tried first
5  publish   under its own name, with a report and a page; if doubt stays, it is not published
"""

import logging
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from faceswap_ae.common.atomic import check_is_no_input, replacing, write_text
from faceswap_ae.common.errors import FaceswapError, Fault, UserError, unknown
from faceswap_ae.common.progress import Progress, no_progress
from faceswap_ae.conversion.anonymiser import (
    COVERED,
    SWAP,
    AnonymiseStyle,
    AnonymousClip,
    PersonSeen,
    people_in,
    prepare,
    trial_of,
    write,
)
from faceswap_ae.conversion.compositing.obscuring import COVERS
from faceswap_ae.conversion.report import report_of, write_lines
from faceswap_ae.conversion.second_look import SecondLook, add_covers, look_again, look_ahead
from faceswap_ae.evaluation.anonymity import AnonymisedClip, hidden_people, with_compared
from faceswap_ae.evaluation.anonymity_page import LookedOver, page_of, write_page
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions, count_unscanned, scan
from faceswap_ae.faces.detection.scan_cache import ScannedClip
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.faces.identities import KnownPerson
from faceswap_ae.marks.seal import Deed, MarkOptions, OutputSeal, check_marks, make_seal
from faceswap_ae.media import provenance
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.codecs import CODECS
from faceswap_ae.media.inputs import InputFailure, distinct_names, find_inputs
from faceswap_ae.media.ownership import check_may_replace
from faceswap_ae.media.span import WHOLE
from faceswap_ae.media.voice import shifted_voice
from faceswap_ae.media.waveform import Waveform
from faceswap_ae.pipelines.stand_ins import StandIns

METHODS = (SWAP, *COVERS)
VOICES = ("keep", "change", "drop")
HIGHER, LOWER = (1.12, 1.3), (0.75, 0.9)  # factors by which a voice is shifted
ROUNDS = 3  # looks over a clip, each but the last followed by another writing
WORK = ".faceswap_ae-anonymise"  # a folder beside the outputs, while they are made
UNCHECKED = ".unchecked"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnonymiseOptions:
    """What to do with faces and voices."""

    style: AnonymiseStyle = field(default_factory=AnonymiseStyle)
    voice: str = "keep"  # or change, or drop
    given: tuple[Path, ...] = ()  # portraits, each of which makes an output of every clip
    table: Path | None = None
    scan: ScanOptions = field(default_factory=ScanOptions)
    marks: MarkOptions = field(default_factory=MarkOptions)
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.style.method not in METHODS:
            raise UserError(unknown("method", self.style.method, METHODS))
        if self.voice not in VOICES:
            raise UserError(unknown("voice", self.voice, VOICES))
        for portrait in self.given:
            if not portrait.is_file():
                raise UserError(f"{portrait}: no such file; name a portrait of who stands in")
        if self.given and self.style.method != SWAP:
            raise UserError(f"{self.given[0]}: nobody stands in with --method {self.style.method}")


def anonymise(
    inputs: Sequence[Path], out: Path, options: AnonymiseOptions, progress: Progress = no_progress
) -> tuple[list[AnonymisedClip], list[InputFailure]]:
    """Make every person in some clips anonymous. The outputs are in the folder `out`."""
    paths, failures = find_inputs(inputs)
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is no folder; the outputs of anonymise go into one")
    work, done, stopped = out / WORK, list[AnonymisedClip](), False
    work.mkdir(parents=True, exist_ok=True)
    detectors = Detectors(replace(options.scan, small=True))
    for given in options.given or (None,):
        whose = work if given is None else work / fingerprint(given)
        stand_ins = StandIns(whose, given, options.table if given is None else None)
        batch = _Batch(stand_ins, detectors, options, work, progress)
        names = distinct_names(paths, [_name(path, given) for path in paths])
        for path, name in zip(paths, names, strict=True):
            try:
                done.append(batch.anonymous(open_clip(path), out / name))
            except FaceswapError as error:
                failures.append(InputFailure(path, str(error)))
                stopped |= isinstance(error, Fault)  # of the machine: the clip is good
    if stopped:
        told = "%s: is kept, so that the same command goes on; delete it if you do not go on"
        log.warning(told, work)
    else:
        shutil.rmtree(work)  # what was found of the people in the clips is in it
    return done, failures


@dataclass(frozen=True)
class _Batch:
    """What the clips of a batch have in common."""

    stand_ins: StandIns
    detectors: Detectors
    options: AnonymiseOptions
    work: Path
    progress: Progress

    def anonymous(self, clip: Clip, final: Path) -> AnonymisedClip:
        """Make one clip anonymous; publish it only without doubt."""
        begin = time.monotonic()
        self._check(clip, final)
        found = self._scan(clip)
        people = people_in(found)
        numbers = self._numbers(clip, found, people)
        folders = [None if number is None else self.stand_ins.folder(number) for number in numbers]
        one = prepare(clip, found, people, folders, self.options.style)
        batch = self._known(one, numbers)
        add_covers(one, look_ahead(one, batch, self.progress))
        unchecked = _unchecked(final)
        sound, seal = self._sound(clip), self._seal(one)
        for turn in range(ROUNDS):
            rows = write(one, unchecked, sound, seal.unsigned, self.progress)
            seen = look_again(one, unchecked, batch, self.progress)
            if not seen.leaks:
                break
            if turn < ROUNDS - 1:
                add_covers(one, seen)
        made = self._result(one, final, rows, seen, time.monotonic() - begin)
        self._report(made, LookedOver(one, unchecked, seen), seal.tags, rows)
        if made.published:
            seal.sign(unchecked, final)
            unchecked.replace(final)
            for stale in _told_of(unchecked):  # of an earlier call that was in doubt
                stale.unlink(missing_ok=True)
        return made

    def _report(
        self,
        made: AnonymisedClip,
        looked: LookedOver,
        head: Mapping[str, Any],
        rows: Sequence[dict[str, Any]],
    ) -> None:
        """Write report and page: a clip that has its name has them already."""
        with replacing(report_of(made.output)) as place:
            every = with_compared(rows, looked.seen.compared)
            write_lines(place, {**head, **made.to_json()}, every)
        write_page(page_of(made.output), made, looked)

    def _check(self, clip: Clip, final: Path) -> None:
        if clip.pictures:
            raise UserError(f"{clip.path}: is no video; anonymise takes videos")
        check_is_no_input(final, [clip.path, *self.options.given])
        for output in (final, _unchecked(final)):
            for place in (output, *_told_of(output)):
                check_may_replace(place, overwrite=self.options.overwrite)
        check_marks(self.options.marks, final, overwrite=self.options.overwrite)

    def _scan(self, clip: Clip) -> ScannedClip:
        """Find every face; what was found is kept only while the batch is made."""
        key = fingerprint(clip.path)
        found = ScannedClip(key, Journal(self.work / "found" / key))
        total = count_unscanned(clip, found.journal, WHOLE, self.options.scan)
        with self.progress(f"find faces in {clip.path.name}", total) as advance:
            for count, _ in enumerate(scan(clip, found.journal, self.detectors), 1):
                advance(count)
        return found

    def _numbers(
        self, clip: Clip, found: ScannedClip, people: Sequence[PersonSeen]
    ) -> list[int | None]:
        """Return each person's number in the batch; None where nobody stands in."""
        if self.options.style.method != SWAP:
            return [None] * len(people)
        numbers: list[int | None] = []
        with self.progress(f"choose faces for {clip.path.name}", len(people)) as advance:
            for count, person in enumerate(people, 1):
                trial = trial_of(clip, found, person, self.options.style.composite)
                numbers.append(self.stand_ins.number(person.known, trial.distance))
                advance(count)
        return numbers

    def _known(self, one: AnonymousClip, numbers: Sequence[int | None]) -> list[KnownPerson]:
        """Return the people of the batch, those of a clip first."""
        own = {number for number in numbers if number is not None}
        others = [known.person for at, known in enumerate(self.stand_ins.people) if at not in own]
        return [person.known for person in one.people] + others

    def _sound(self, clip: Clip) -> Clip | Waveform | None:
        match self.options.voice:
            case "keep":
                return clip
            case "drop":
                return None
        # The same where it is stopped and taken up. Nobody can find it out, and undo it.
        seed = blake2b(f"{_salt(self.work)} {fingerprint(clip.path)}".encode()).digest()
        chance = np.random.default_rng(int.from_bytes(seed))
        low, high = HIGHER if chance.random() < 0.5 else LOWER
        return shifted_voice(clip, float(chance.uniform(low, high)))

    def _seal(self, one: AnonymousClip) -> OutputSeal:
        method = self.options.style.method
        what = (
            "every face replaced by that of somebody who does not exist, to protect the people"
            if method == SWAP
            else f"every face covered ({method}), to protect the people"
        )
        voice = "; the voices are changed" if self.options.voice == "change" else ""
        tags = provenance.make_marks(datetime.now(UTC), what + voice)
        # Without a parent: nothing may lead from the output to the clip that was made anonymous.
        job = {**one.job, "salt": _salt(self.work)}
        return make_seal(self.options.marks, Deed("anonymise", tags, job))

    def _result(
        self,
        one: AnonymousClip,
        final: Path,
        rows: Sequence[dict[str, Any]],
        seen: SecondLook,
        seconds: float,
    ) -> AnonymisedClip:
        doubt = tuple(sorted(seen.leaks))
        return AnonymisedClip(
            one.clip.path,
            _unchecked(final) if doubt else final,
            not doubt,
            len(rows),
            sum(bool(row["swapped"]) for row in rows),
            sum(bool(row[COVERED]) for row in rows),
            hidden_people(one, seen),
            seen.among,
            doubt,
            seconds,
        )


def _told_of(output: Path) -> tuple[Path, Path]:
    """Return the places of what is told of an output."""
    return report_of(output), page_of(output)


def _salt(work: Path) -> str:
    """Return a text by chance that is the same until the batch is made, and then forgotten.

    Without it, whoever has a clip could find out that an output's watermark is of that clip.
    """
    place = work / "salt"
    if not place.is_file():
        write_text(place, secrets.token_hex(16))
    return place.read_text(encoding="utf-8")


def _unchecked(final: Path) -> Path:
    return final.with_name(f"{final.stem}{UNCHECKED}{final.suffix}")


def _name(path: Path, given: Path | None) -> str:
    """Return an output's name: `<face>_<clip>.mp4`, or the clip's."""
    suffix, fit = path.suffix.lower(), CODECS["h264"].suffixes
    stem = path.stem if given is None else f"{given.stem}_{path.stem}"
    return f"{stem}{suffix if suffix in fit else fit[0]}"
