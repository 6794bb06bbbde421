"""`anonymise`: how does nobody in some clips stay recognisable?"""

from pathlib import Path

from faceswap_ae.interface.anonymise_result import AnonymisedFile, AnonymiseResult
from faceswap_ae.interface.arguments import AnyPath, Device, Paths, as_path, as_paths, check_range
from faceswap_ae.interface.calls import public
from faceswap_ae.interface.process import choose_device_once, one_opencv_thread
from faceswap_ae.interface.progress_bars import ProgressFunction, choose_display


@public
def anonymise(
    inputs: Paths,
    out: AnyPath,
    *,
    method: str = "swap",
    faces: Paths = (),
    voice: str = "keep",
    table: AnyPath | None = None,
    detector: str = "auto",
    crf: int = 18,
    watermark: bool = True,
    sign: bool = True,
    certificate: AnyPath | None = None,
    overwrite: bool = False,
    gpu: Device | None = None,
    progress: bool | ProgressFunction = True,
) -> AnonymiseResult:
    """Replace every face of every frame by that of somebody who does not exist.

    Movements of lips, face, eyes and body stay. A face that is found but cannot be swapped is
    covered. Another detector looks over each output; what it finds is covered too. An output that
    may still show somebody keeps the name `.unchecked`, and its report says which frames. The same
    person gets the same new face in all clips of a call. Stopped, the same call goes on there.

    >>> anonymise("clips/ada/clip.mp4", "hidden", method="blocks", voice="drop")
    hidden/clip.mp4: 8 frames, 0 with other faces, 8 with covered places
    1 person

    Args:
        inputs: Videos or folders.
        out: Folder for the outputs.
        method: swap; or cover all faces: blur, blocks or solid.
        faces: A portrait who stands in for everybody, or several: each makes an output.
        voice: keep, change or drop.
        table: A file that keeps who got whose face, for later calls; it tells people apart.
        detector: auto, blaze, cnn, hog or mtcnn.
        crf: 0 perfect to 51 poor.
        watermark: An invisible mark in the pixels, which outlives encoding and scaling.
        sign: A signed statement in the file (Content Credentials), with the extra `marks`.
        certificate: PEM with your chain and key, for signing; else each output gets its own.
        overwrite: Replace files in OUT, though they are none of our outputs.
        gpu: Which GPU: 0, 1, or cpu.
        progress: A bar; False is none; or a function of a task, the share done, and words.
    """
    check_range(0, 51, crf=crf)
    choose_device_once(gpu)
    from faceswap_ae.conversion.anonymiser import AnonymiseStyle
    from faceswap_ae.faces.detection.scan import ScanOptions
    from faceswap_ae.marks.seal import MarkOptions
    from faceswap_ae.media.codecs import Encoding
    from faceswap_ae.pipelines import anonymise as pipeline

    options = pipeline.AnonymiseOptions(
        AnonymiseStyle(method, Encoding(crf=crf)),
        voice,
        as_paths(faces),
        as_path(table),
        ScanOptions(detector),
        MarkOptions(watermark, sign, as_path(certificate)),
        overwrite=overwrite,
    )
    display = choose_display(progress)
    with one_opencv_thread():
        done, failures = pipeline.anonymise(as_paths(inputs), Path(out), options, display.progress)
    files = [
        AnonymisedFile(
            one.clip,
            one.output,
            one.published,
            one.frames,
            one.swapped,
            one.covered,
            one.people,
            one.doubt,
            one.unlike,
            one.seconds,
        )
        for one in done
    ]
    return AnonymiseResult(Path(out), files, [one.reason for one in failures])
