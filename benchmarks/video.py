"""How much slower than bare PyAV is our video reading and writing? `python -m benchmarks.video`.

Ours adds exact times, exact colours and atomic files. One 720p clip is decoded and encoded, ours
and bare in turn. Both sides of a pair do equal work. Decoding to RGB is measured as swscale does it
by default (which darkens by a level, see media/pixel_format.py), and rounded.
"""

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from benchmarks.measure import Cost, compare, report
from faceswap_ae.common.geometry import Image
from faceswap_ae.media.clip import BT709, Clip, open_clip
from faceswap_ae.media.codecs import H264
from faceswap_ae.media.reader import frames
from faceswap_ae.media.writer import writing

SIZE = (1280, 720)
ROUNDED = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip, out = Path(folder, "clip.mp4"), Path(folder, "out.mp4")
        pictures = scene()
        encode(clip, pictures, wanted.frames)
        decoding = compare(
            {
                "ours quick": lambda: decode(clip, quick=True),
                "bare quick": lambda: decode_bare(clip, None),
                "ours rounded": lambda: decode(clip, quick=False),
                "bare rounded": lambda: decode_bare(clip, ROUNDED),
            },
            wanted.rounds,
        )
        encoding = compare(
            {
                "ours": lambda: encode(out, pictures, wanted.frames),
                "bare": lambda: encode_bare(out, pictures, wanted.frames),
            },
            wanted.rounds,
        )
    ratios = {
        "decode, quick": ratio(decoding["ours quick"], decoding["bare quick"]),
        "decode, rounded": ratio(decoding["ours rounded"], decoding["bare rounded"]),
        "encode": ratio(encoding["ours"], encoding["bare"]),
    }
    costs = {f"decode {key}": cost for key, cost in decoding.items()}
    costs |= {f"encode {key}": cost for key, cost in encoding.items()}
    ms = {key: round(cost.cpu / wanted.frames * 1000, 2) for key, cost in costs.items()}
    print(report("video", costs, ratio_to_bare=ratios, cpu_ms_per_frame=ms))


def ratio(ours: Cost, bare: Cost) -> dict[str, float]:
    return {"wall": round(ours.wall / bare.wall, 3), "cpu": round(ours.cpu / bare.cpu, 3)}


def scene() -> list[Image]:
    """24 moving pictures with the detail and noise of a camera, to be shown over and over."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (90, 160, 3), np.uint8)
    large = small.repeat(8, axis=0).repeat(8, axis=1)
    noise = rng.integers(0, 6, large.shape, np.uint8)
    still = (large // 2 + 60 + noise).astype(np.uint8)
    return [np.ascontiguousarray(np.roll(still, 3 * shift, axis=1)) for shift in range(24)]


def decode(path: Path, *, quick: bool) -> int:
    return sum(int(frame.image[0, 0, 0]) for frame in frames(open_clip(path), quick=quick))


def decode_bare(path: Path, interpolation: Interpolation | None) -> int:
    with av.open(path) as container:
        container.streams.video[0].thread_type = "AUTO"
        return sum(
            int(frame.to_ndarray(format="rgb24", interpolation=interpolation)[0, 0, 0])
            for frame in container.decode(video=0)
        )


def encode(path: Path, pictures: list[Image], count: int) -> None:
    rate = Fraction(30)
    like = Clip(Path("new"), *SIZE, rate, 1 / rate, Fraction(0), count, colour=BT709)
    with writing(path, like) as sink:
        for number in range(count):
            sink.write(pictures[number % len(pictures)], number / rate, 1 / rate)


def encode_bare(path: Path, pictures: list[Image], count: int) -> None:
    options, scaler = {"crf": str(H264.crf), "preset": H264.preset}, VideoReformatter()
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=30, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(count):
            frame = VideoFrame.from_ndarray(pictures[number % len(pictures)], format="rgb24")
            # The same colour matrix as ours: other colours change the speed of x264.
            frame = scaler.reformat(frame, format="yuv420p", dst_colorspace=BT709.matrix)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main()
