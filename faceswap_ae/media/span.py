"""Which part of a clip (span) do `--start`, `--end` and `--frames` mean?

A start is included and an end is not, so that spans that meet share no frame. `--frames 100-200`
includes both of its ends, as people count.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.limits import fraction

MAX_DENOMINATOR = 1001  # of television's frame rates: 23.976023976 means 24000/1001


@dataclass(frozen=True)
class Span:
    """Limits in seconds and in frame numbers (from 0); all limits that are given apply."""

    start: Fraction = Fraction(0)
    end: Fraction | None = None
    first: int = 0
    last: int | None = None

    @property
    def from_beginning(self) -> bool:
        return self.start <= 0 and self.first == 0

    def begins_after(self, index: int, time: Fraction) -> bool:
        """Return whether the frame is before the span."""
        return index < self.first or time < self.start

    def ended_by(self, index: int, time: Fraction) -> bool:
        """Return whether the frame is after the span."""
        return (self.last is not None and index > self.last) or (
            self.end is not None and time >= self.end
        )

    def count(self, rate: Fraction, total: int) -> int:
        """Return about how many frames it holds, in a clip of `total` frames at a mean rate."""
        first = max(self.first, round(self.start * rate))
        last = total if self.last is None else min(total, self.last + 1)
        end = last if self.end is None else min(last, round(self.end * rate))
        return max(0, end - first)


WHOLE = Span()


def parse_span(start: str | None, end: str | None, frames: str | None) -> Span:
    """Return the span that the three options mean; each may be None."""
    first, last = _frames(frames) if frames else (0, None)
    begin = parse_time(start) if start else Fraction(0)
    finish = parse_time(end) if end else None
    if finish is not None and finish <= begin:
        raise UserError(f"--end {end} is not after --start {start or 0}")
    return Span(begin, finish, first, last)


def parse_time(text: str) -> Fraction:
    """Return the seconds in `4.2`, `4.2s`, `1:02.5` or `1:00:02.5`."""
    match = re.fullmatch(r"(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,9}(?:\.\d{1,18})?)s?", text.strip())
    if match is None:
        raise UserError(f"'{text}' is not a time; write 4.2s, 1:02.5 or 1:00:02.5")
    hours, minutes, seconds = (Fraction(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def parse_rate(text: str) -> Fraction:
    """Return the frames per second in `25`, `29.97` or `30000/1001`."""
    try:
        rate = fraction(text).limit_denominator(MAX_DENOMINATOR)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if rate <= 0:
        raise UserError(f"'{text}' is not a rate; write 25, 29.97 or 30000/1001")
    return rate


def _frames(text: str) -> tuple[int, int | None]:
    match = re.fullmatch(r"(\d{1,12})(-)?(\d{1,12})?", text.strip())
    if match is None or (match[3] and int(match[3]) < int(match[1])):
        raise UserError(f"--frames {text}: write 100-200, 100- or 100, counting from 0")
    if match[2] is None:
        return int(match[1]), int(match[1])
    return int(match[1]), int(match[3]) if match[3] else None
