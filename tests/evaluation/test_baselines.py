import numpy as np
import pytest

from faceswap_ae.common.progress import no_progress
from faceswap_ae.evaluation.baselines import reencoded, views_baseline
from faceswap_ae.evaluation.frame_metrics import ComparedPeople
from faceswap_ae.evaluation.identity_metrics import PersonViews
from faceswap_ae.evaluation.scores import means, missed
from faceswap_ae.evaluation.target import find_target, scan_target
from faceswap_ae.faces.detection.scan import Detectors
from tests.support.swaps import COUNT, Swapped

pytest_plugins = ("tests.support.swap_fixtures",)


def views(*marks: float) -> PersonViews:
    """Views whose descriptors differ in one number."""
    descriptors = np.zeros((len(marks), 128))
    descriptors[:, 0] = marks
    return PersonViews(np.zeros((len(marks), 68, 2)), descriptors, np.zeros((len(marks), 3)))


@pytest.mark.usefixtures("_remembers")
def test_the_performance_against_itself(swapped: Swapped) -> None:
    eyes = Detectors()
    leads = find_target(scan_target(swapped.onto / "clip.mp4", eyes, no_progress))
    own = leads.views()
    found = reencoded(leads, eyes, ComparedPeople(own, own))
    assert found.count == COUNT  # the clip is shorter than the part that is re-encoded
    told = means(found)
    assert 0 < told["pose"] < 4
    assert 0.1 < told["expression"] < 4
    assert 0 < told["gaze"] < 8
    assert 35 < told["psnr"] < 60
    assert 0.95 < told["ssim"] < 1
    assert 0.8 < told["sharpness"] < 1.2
    assert len(missed(found)) == COUNT  # because nobody was swapped


def test_an_owners_own_views() -> None:
    people = ComparedPeople(views(0, 0.2, 0.1, 0.3), views(0.7, 0.8))
    told = views_baseline(people)
    assert told["id_owner"] == pytest.approx(
        0.1
    )  # all have the same pose: the first is the nearest
    assert told["id_replaced"] == pytest.approx(np.mean([0.7, 0.5, 0.6, 0.4]))
    assert told["nearer_to_owner"] == told["retrieval"] == 1


def test_one_view_has_no_spread() -> None:
    told = views_baseline(ComparedPeople(views(0.1), views(0.7)))
    assert told == {"id_replaced": pytest.approx(0.6)}
