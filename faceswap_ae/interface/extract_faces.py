"""`extract`: how do videos and photos become a folder of one person's faces?"""

from faceswap_ae.common.errors import UserError
from faceswap_ae.interface.arguments import (
    AnyPath,
    Paths,
    Time,
    as_paths,
    as_text,
    check_range,
)
from faceswap_ae.interface.calls import public
from faceswap_ae.interface.progress_bars import ProgressFunction, choose_display
from faceswap_ae.interface.results import ExtractResult


@public
def extract(
    inputs: Paths,
    name: str,
    *,
    like: Paths = (),
    everyone: bool = False,
    start: Time | None = None,
    end: Time | None = None,
    frames: str | None = None,
    every: int = 1,
    most: int | None = None,
    blur: float = 0.0,
    min_size: float = 0.0,
    change: float = 0.0,
    detector: str = "auto",
    landmarks: str | None = None,
    turn: bool = True,
    crop: str = "whole",
    size: int = 512,
    keep_going: bool = False,
    data: AnyPath = "data",
    progress: bool | ProgressFunction = True,
) -> ExtractResult:
    """Find the faces of one person and write them to data/NAME, aligned and described.

    Call it again to go on where it stopped; faces that you deleted stay away. Other people and
    false alarms are left out and shown in data/NAME-others.jpg.

    >>> extract("clips/ben/clip.mp4", name="ben")
    data/ben: 8 new faces
    8 frames looked at

    Args:
        inputs: Videos, photos, folders, globs.
        name: The person: faces go to data/NAME.
        like: A photo of the person, or several.
        everyone: A folder for each person: NAME, NAME-2, ...
        start: First time looked at: 4.2s, 1:02.5.
        end: First time left out.
        frames: Frames from 0: 100-200, 100-.
        every: Look at each so many-th frame only.
        most: The best so many, over all poses.
        blur: Leave out what is less sharp.
        min_size: Leave out smaller faces, pixels.
        change: Leave out a face that differs from the last by less than this, %: 2.
        detector: auto, blaze, cnn, hog or mtcnn.
        landmarks: mesh or dlib; else as the folder has.
        turn: Try lying faces where none is found.
        crop: whole, or head with all of the hair.
        size: Pixels a side of a face: 64 to 2048.
        keep_going: Pass over damage.
        data: Where the face folders are.
        progress: A bar; False is none; or a function of a task, the share done, and words.
    """
    from faceswap_ae.extraction import extractor
    from faceswap_ae.extraction.options import ExtractOptions
    from faceswap_ae.extraction.selection import SelectionLimits
    from faceswap_ae.faces.detection.scan import ScanOptions
    from faceswap_ae.faces.folders.face_file import pictures
    from faceswap_ae.media.span import parse_span

    check_range(1, every=every)
    check_range(64, 2048, size=size)
    (folder,) = as_paths(data)
    options = ExtractOptions(
        folder,
        as_paths(like),
        everyone,
        ScanOptions(detector, landmarks, turn, every, keep_going=keep_going),
        SelectionLimits(blur, min_size, change, most),
        parse_span(as_text(start), as_text(end), frames),
        crop,
        size,
    )
    found = extractor.extract(as_paths(inputs), name, options, choose_display(progress).progress)
    failures = [failure.reason for failure in found.failures]
    if failures and not any(found.written.values()):
        several = f"{len(failures)} inputs gave trouble, as told above"
        raise UserError(f"no new face: {failures[0] if len(failures) == 1 else several}")
    return ExtractResult(
        folder / name,
        dict(found.written),
        found.looked,
        dict(found.skipped.most_common()),
        len(pictures(folder / name)) if (folder / name).is_dir() else 0,
        len(found.others),
        found.sheet,
        failures,
    )
