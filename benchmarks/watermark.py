"""Which damage does a watermark survive, and what does it cost? `python -m benchmarks.watermark`.

Films of the cast at several sizes are marked, and then encoded, scaled, cut, mirrored or given
another light, as strangers do. Of each the share of the 64 bits that are read right is printed: as
whole clips, and from single frames. `--clips` adds videos of one's own. Unmarked material is read
too. A false alarm needs known chips that stand out by chance and bits that fit by chance; how often
the first happens is counted, the second is known.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import commit, machine
from faceswap_ae.common.geometry import Image
from faceswap_ae.marks.payload import KINDS, LAYOUT, Payload, output_digest
from faceswap_ae.marks.watermark import imprint
from faceswap_ae.marks.watermark_reader import SURE, WatermarkSums, read_watermark
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames
from faceswap_ae.media.span import Span
from faceswap_ae.synthetic.film import Film, shoot
from tests.support.watermarks import DAMAGES, psnr

PAYLOAD = Payload("swap", output_digest("a benchmark"))
SIZES = {"480p": (640, 480), "720p": (1280, 720), "1080p": (1920, 1080)}
PEOPLE = ("ada", "ben", "carl", "dina")
TAKEN = 24  # frames of each clip
# Of 2^16 checksums one fits; of 256 first bytes, those with our layout and a known kind.
FITS = len(KINDS) / 2**8 / 2**16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", nargs="*", type=Path, default=[])
    parser.add_argument("--sizes", nargs="*", default=list(SIZES))
    wanted = parser.parse_args()
    clips = dict(_films(wanted.sizes))
    for path in wanted.clips:
        span = Span(first=0, last=TAKEN - 1)
        clips[path.name] = [one.image for one in frames(open_clip(path), span)]
    facts = {"benchmark": "watermark", "commit": commit(), "machine": machine()}
    found = {**_marked(clips), "false_alarms": _false_alarms(clips)}
    print(json.dumps({**facts, **found}, indent=2))


def _films(sizes: Sequence[str]) -> Iterator[tuple[str, list[Image]]]:
    for size in sizes:
        for who in PEOPLE:
            film = Film(who, seconds=Fraction(TAKEN, 12), fps=Fraction(12), size=SIZES[size])
            with tempfile.TemporaryDirectory() as place:
                shoot(film, Path(place), lambda _: None)
                clip = open_clip(Path(place, "clip.mp4"))
                yield f"{who} {size}", [one.image for one in frames(clip)]


def _marked(clips: Mapping[str, Sequence[Image]]) -> dict[str, Any]:
    """How well watermarks are read from damaged clips, how visible they are, what they cost."""
    read: dict[str, dict[str, list[bool]]] = {
        damage: {"clips": [], "frames": []} for damage in DAMAGES
    }
    seen, writing, reading = [], [], []
    for name, pictures in clips.items():
        begin = time.process_time()
        marked = [imprint(one, PAYLOAD) for one in pictures]
        megapixels = pictures[0].shape[0] * pictures[0].shape[1] / 1e6
        writing.append((time.process_time() - begin) / len(pictures) / megapixels)
        seen.append(float(np.mean([psnr(*pair) for pair in zip(pictures, marked, strict=True)])))
        for damage, change in DAMAGES.items():
            damaged = change(marked)
            begin = time.process_time()
            read[damage]["clips"].append(_is_read(damaged))
            reading.append((time.process_time() - begin) / len(damaged) / megapixels)
            read[damage]["frames"] += [_is_read([one]) for one in damaged[::8]]
        print(name, f"{seen[-1]:.1f} dB", {key: one["clips"][-1] for key, one in read.items()})
    shares = {
        damage: {kind: round(float(np.mean(found)), 4) for kind, found in kinds.items()}
        for damage, kinds in read.items()
    }
    return {
        "read": shares,
        "clips": len(clips),
        "psnr": {"mean": round(float(np.mean(seen)), 2), "least": round(min(seen), 2)},
        "writing_cpu_s_of_a_megapixel": round(float(np.mean(writing)), 5),
        "reading_cpu_s_of_a_megapixel": round(float(np.mean(reading)), 5),
    }


def _is_read(pictures: Sequence[Image]) -> bool:
    found = read_watermark(pictures)
    return found is not None and found.payload == PAYLOAD


def _false_alarms(clips: Mapping[str, Sequence[Image]]) -> dict[str, Any]:
    """How often unmarked clips pass for marked ones."""
    every, alarms = [], 0
    for pictures in clips.values():
        for damage in DAMAGES.values():
            damaged = damage(pictures)
            for some in (damaged, damaged[:1]):
                every.append([one for one in WatermarkSums(some).certainties() if one > SURE])
                alarms += read_watermark(some) is not None
    decoded = float(np.mean([len(one) for one in every]))
    return {
        "looked_at": len(every),
        "alarms": alarms,
        "decoded_of_each": round(decoded, 4),
        "layout": LAYOUT,
        "expected_in_100_000_clips": decoded * FITS * 1e5,
    }


if __name__ == "__main__":
    main()
