from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.assignment import OUTSIDE
from faceswap_ae.conversion.report import FaceRow, FrameRow
from faceswap_ae.evaluation.ground_truth import find_ground_truth
from faceswap_ae.evaluation.synchronised import (
    ComparedClips,
    align_frames,
    frame_numbers,
    frames_not_asked,
)
from faceswap_ae.evaluation.target import MeasuredClip, find_target, scan_target
from faceswap_ae.faces.detection.scan import Detectors
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.span import Span
from faceswap_ae.media.writer import writing
from tests.support.swaps import COUNT, COVERED, CUT, Swapped

pytest_plugins = ("tests.support.swap_fixtures",)
pytestmark = pytest.mark.usefixtures("_remembers")


def looked(path: Path) -> MeasuredClip:
    return scan_target(path, Detectors(), no_progress)


@pytest.fixture
def stage(swapped: Swapped) -> ComparedClips:
    answer = find_ground_truth(swapped.truth)
    leads = find_target(looked(swapped.onto / "clip.mp4"))
    return ComparedClips(looked(swapped.swap), leads, range(COUNT), looked(answer.clip), answer)


def test_frames_pass_side_by_side(stage: ComparedClips) -> None:
    found = list(align_frames(stage))
    assert [one.at for one in found] == list(range(COUNT))
    assert [one.at for one in found if one.cut] == [0, CUT]
    for one in found:
        assert set(one.images) == {"result", "onto", "truth"}
        assert set(one.faces) == set(one.images) - ({"result"} if one.at == COVERED else set())
        assert one.visible is not None
        assert 0.01 < one.visible.mean() < 0.3
        assert one.time == pytest.approx(one.at / 10, abs=0.002)
    assert sum(one.other is not None for one in found) == 12


def test_a_result_that_is_a_part_of_the_performance(
    stage: ComparedClips, swapped: Swapped, tmp_path: Path
) -> None:
    first, last = 5, 9
    clip, part = open_clip(swapped.truth / "clip.mkv"), tmp_path / "part.mkv"
    with writing(part, clip, Encoding("ffv1")) as sink:
        for frame in reader.frames(clip):
            if first <= frame.index <= last:
                sink.write(frame.image, frame.time - Fraction(first, 10), frame.duration)
    own = looked(part)
    rows = [FrameRow(at, 0.0) for at in range(first, last + 1)]
    which = frame_numbers(own, stage.leads.looked, rows)
    assert list(which) == [5, 6, 7, 8, 9]
    cut = ComparedClips(own, stage.leads, which, stage.truth, stage.answer)
    for one in align_frames(cut):
        assert np.array_equal(one.images["result"], one.images["truth"])
        assert set(one.faces) == set(one.images)
    with pytest.raises(UserError, match=r"part\.mkv has 5 frames.*has 16 frames"):
        frame_numbers(own, stage.leads.looked)


def test_a_frame_that_was_not_to_be_swapped_is_passed_over(stage: ComparedClips) -> None:
    quiet = replace(stage, unasked=frozenset({1, 2}))
    assert [one.at for one in align_frames(quiet) if not one.faces] == [1, 2]


def test_what_was_asked_for_is_seen_from_the_report(stage: ComparedClips) -> None:
    faces = (FaceRow(0, swapped="ben"), FaceRow(0, left=OUTSIDE), FaceRow(0, left="no face"))
    swap, outside, other = (FrameRow(0, 0.0, (face,)) for face in faces)
    nothing = FrameRow(0, 0.0)
    rows = [nothing, outside, other, swap, nothing, swap, *[outside] * (COUNT - 6)]
    assert frames_not_asked(stage.result, rows) == frozenset({0, 1, *range(6, COUNT)})
    assert frames_not_asked(stage.result, rows[:-1]) == frozenset()  # the report is of another clip
    assert frames_not_asked(stage.result, [nothing] * COUNT) == frozenset()


def rewritten(
    stage: ComparedClips, out: Path, size: tuple[int, int], slower: Fraction
) -> MeasuredClip:
    """The beginning of the performance, with another size and `slower` times the duration."""
    clip = stage.leads.looked.clip
    like = replace(clip, width=size[0], height=size[1])
    with writing(out, like, Encoding("ffv1")) as sink:
        for frame in reader.frames(clip, Span(last=3)):
            image: Image = np.zeros((size[1], size[0], 3), np.uint8)
            height, width = np.minimum(image.shape[:2], frame.image.shape[:2])
            image[:height, :width] = frame.image[:height, :width]
            sink.write(image, slower * frame.time, slower * frame.duration)
    return looked(out)


def test_clips_of_another_size_or_pace_are_refused(stage: ComparedClips, tmp_path: Path) -> None:
    plain = ComparedClips(stage.result, stage.leads, stage.numbers)
    width, height = stage.result.clip.width, stage.result.clip.height
    wide = rewritten(stage, tmp_path / "wide.mkv", (width + 8, height), Fraction(1))
    with pytest.raises(UserError, match="different sizes"):
        next(align_frames(replace(plain, result=wide)))
    padded = rewritten(stage, tmp_path / "padded.mkv", (width + 1, height), Fraction(1))
    found = next(align_frames(replace(plain, result=padded)))  # some encoders pad odd sides
    assert found.images["result"].shape == found.images["onto"].shape
    slow = rewritten(stage, tmp_path / "slow.mkv", (width, height), Fraction(2))
    with pytest.raises(UserError, match="frame 1 is shown at"):
        list(align_frames(replace(plain, result=slow)))
