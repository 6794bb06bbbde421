"""`reenact`: how does a photo move as somebody does in a clip?"""

from pathlib import Path

from faceswap_ae.interface.arguments import AnyPath, Device, Paths, as_path, as_paths, check_range
from faceswap_ae.interface.calls import public
from faceswap_ae.interface.process import choose_device_once, one_opencv_thread
from faceswap_ae.interface.progress_bars import ProgressFunction, choose_display
from faceswap_ae.interface.results import ConvertedFile, ConvertResult


@public
def reenact(
    face: AnyPath,
    driver: AnyPath,
    out: AnyPath,
    *,
    like: Paths = (),
    side: int = 720,
    detector: str = "auto",
    crf: int = 18,
    watermark: bool = True,
    sign: bool = True,
    certificate: AnyPath | None = None,
    overwrite: bool = False,
    gpu: Device | None = None,
    progress: bool | ProgressFunction = True,
) -> ConvertResult:
    """Let a photo move as somebody does in a clip. Only for people who agreed.

    The photo keeps its hair and its background; pose, expression, gaze and sound are the clip's.
    No training. Stopped, the same call goes on where it was. The output says that it was altered.

    >>> from pathlib import Path
    >>> photo = sorted(Path("data/ben").glob("*.png"))[0]
    >>> reenact(photo, "clips/ada/clip.mp4", "moved.mp4")
    moved.mp4: 8 of 8 frames with a new face

    Args:
        face: The photo.
        driver: The clip of whoever moves it.
        out: .mp4, .mov or .mkv.
        like: Photos of the person who moves, if FACE shows several; else the largest face does.
        side: A photo whose shorter side has more pixels is made smaller.
        detector: auto, blaze, cnn, hog or mtcnn.
        crf: 0 perfect to 51 poor.
        watermark: An invisible mark in the pixels, which outlives encoding and scaling.
        sign: A signed statement in the file (Content Credentials), with the extra `marks`.
        certificate: PEM with your chain and key, for signing; else one is made at first use.
        overwrite: Replace a file at OUT, though it is none of our outputs.
        gpu: Which GPU: 0, 1, or cpu.
        progress: A bar; False is none; or a function of a task, the share done, and words.
    """
    check_range(0, 51, crf=crf)
    check_range(64, 4096, side=side)
    choose_device_once(gpu)
    from faceswap_ae.conversion import reenact as conversion
    from faceswap_ae.evaluation.target import clip_in
    from faceswap_ae.faces.detection.scan import ScanOptions
    from faceswap_ae.marks.seal import MarkOptions
    from faceswap_ae.media.codecs import Encoding

    options = conversion.ReenactOptions(
        side,
        as_paths(like),
        ScanOptions(detector),
        Encoding(crf=crf),
        MarkOptions(watermark, sign, as_path(certificate)),
        overwrite=overwrite,
    )
    display = choose_display(progress)
    with one_opencv_thread():
        done = conversion.reenact(
            Path(face), clip_in(Path(driver)), Path(out), options, display.progress
        )
    files = [
        ConvertedFile(done.source, done.outputs, done.frames, done.swapped, dict(done.reasons))
    ]
    return ConvertResult(Path(out), files)
