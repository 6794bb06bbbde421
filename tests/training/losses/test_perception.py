from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import ops

from faceswap_ae.common import plugins
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import warp
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.networks.model_interface import (
    IDENTITIES,
    Identity,
    IdentityStatistics,
    Networks,
    Output,
)
from faceswap_ae.networks.trainer_interface import FaceBatch, Player
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from faceswap_ae.training.losses.perception import PerceptionTerms, composed
from faceswap_ae.training.losses.reconstruction import LossWeights
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.stepper import Stepper
from tests.support.toys import faces, toy
from tests.support.vggface_file import layers_of, write

SIZE = 64
BOTH: dict[str, Any] = {"perceptual": 1.0, "identity": 1.0, "perceptual_net": "dlib"}


@pytest.fixture(scope="module")
def pair() -> dict[Identity, FaceBatch]:
    """A batch with two crops of ada and two of ben."""
    cast = zip(IDENTITIES, ("ada", "ben"), strict=True)
    return {name: FaceBatch(**dict(shown(who))) for name, who in cast}


def shown(who: str) -> Iterator[tuple[str, Any]]:
    crops = []
    for turn in (0, 12):
        frame = render(alone(person(who)), Act(100, yaw=turn), Setting((240, 240), backdrop=3))
        matrix = matrix_of(frame.landmarks.picture, "full", SIZE)
        crops.append(warp(frame.image, matrix, (SIZE, SIZE)))
    given = (np.stack(crops) / 255).astype(np.float32)
    plain = np.ones((2, SIZE, SIZE, 1), np.float32)
    yield from {"warped": given, "target": given, "mask": plain, "eyes": plain}.items()
    yield from {"mouth": plain, "landmarks": np.zeros((2, 68, 2), np.float32)}.items()


def small() -> Networks:
    quick = plugins.load("models", "quick")
    built: Networks = quick.build(quick.Options(size=SIZE, width=0.25))
    return built


def test_without_weight_nothing_is_loaded() -> None:
    nowhere: dict[str, Any] = {"perceptual_net": "vggface", "perceptual_file": Path("nowhere.h5")}
    looking = PerceptionTerms(toy(), LossWeights(**nowhere), "full")
    assert looking.beside == [] and looking.parts == {}
    assert looking(Output(faces(0).target), faces(0)) == {}
    with pytest.raises(UserError, match="nowhere"):
        PerceptionTerms(toy(), LossWeights(perceptual=1.0, **nowhere), "full")


def test_true_faces_cost_nothing_and_others_something(pair: dict[Identity, FaceBatch]) -> None:
    looking = PerceptionTerms(small(), LossWeights(**BOTH), "full")
    ada, ben = (pair[name] for name in IDENTITIES)
    same, other = looking(Output(ada.target), ada), looking(Output(ben.target), ada)
    assert set(same) == {"perceptual", "identity"}
    assert all(float(term) == pytest.approx(0, abs=1e-5) for term in same.values())
    assert float(other["identity"]) > 0.36 and float(other["perceptual"]) > 0.1
    twice = PerceptionTerms(small(), LossWeights(**{**BOTH, "identity": 2.0}), "full")
    assert float(twice(Output(ben.target), ada)["identity"]) == pytest.approx(
        2 * float(other["identity"]), rel=1e-4
    )


def test_trained_on_it_faces_become_who_they_are(pair: dict[Identity, FaceBatch]) -> None:
    networks = small()
    autoencoder = plugins.load("trainers", "autoencoder")
    options = autoencoder.Options(mae=0.0, mask=0.0, identity=1.0)
    (player,) = autoencoder.build(networks, options, IdentityStatistics({}, {}, {}, "full"))
    (net,) = player.beside
    before = [np.asarray(weight) for weight in (*net.weights, *networks.weights)]
    stepper = Stepper([player], Optimiser(beta1=0.9))
    found = [stepper.step([pair], 2e-3) for _ in range(8)]
    assert set(found[0]) == {f"autoencoder/{name} identity" for name in IDENTITIES}
    assert sum(found[-1].values()) < 0.95 * sum(found[0].values())
    after = [np.asarray(weight) for weight in (*net.weights, *networks.weights)]
    moved = [not np.array_equal(one, two) for one, two in zip(before, after, strict=True)]
    assert not any(moved[: len(net.weights)])
    assert any(moved[len(net.weights) :])


def mask_slope(pair: dict[Identity, FaceBatch], mask: float) -> float:
    """The size of the gradient of a perceptual loss for the weights that draw the mask."""
    networks = toy(size=SIZE)
    options = LossWeights(mae=0.0, mask=mask, perceptual=1.0, perceptual_net="dlib")
    looking = PerceptionTerms(networks, options, "full")

    def loss(pair: Any) -> Any:
        made = {name: networks.reconstruct(one.warped, name) for name, one in pair.items()}
        terms = {name: looking(made[name], one)["perceptual"] for name, one in pair.items()}
        return {**terms, "mask": 0 * sum(ops.mean(one.mask) for one in made.values())}

    decoder = networks.parts["decoder_face"].layers[-1]
    before = np.asarray(decoder.kernel)[:, 3]
    parts = {**networks.parts, **looking.parts}
    bent = {name: replace(one, warped=one.warped[:, ::-1].copy()) for name, one in pair.items()}
    Stepper([Player("g", loss, parts)], Optimiser()).step([bent], 1e-3)
    return float(np.abs(np.asarray(decoder.kernel)[:, 3] - before).max())


def test_a_mask_that_is_learnt_learns_from_it(pair: dict[Identity, FaceBatch]) -> None:
    assert mask_slope(pair, mask=0.0) > 0
    assert mask_slope(pair, mask=0.1) == 0  # a mask loss teaches the mask already


def test_composed_faces_are_bent_ones_where_the_mask_is_nought() -> None:
    one = faces(0)
    mask = np.zeros((2, 32, 32, 1), np.float32)
    mask[:, :5] = 1
    made = composed(Output(one.target, mask), one)
    assert np.array_equal(made[:, :5], one.target[:, :5])
    assert np.array_equal(made[:, 5:], one.warped[:, 5:])
    larger = composed(Output(faces(0, 64).target, np.ones((2, 64, 64, 1), np.float32)), one)
    assert larger.shape == (2, 64, 64, 3)


def test_masked_only_faces_are_looked_at(pair: dict[Identity, FaceBatch]) -> None:
    mask = np.zeros((2, SIZE, SIZE, 1), np.float32)
    mask[:, 16:-16, 16:-16] = 1
    ada = replace(pair["face"], mask=mask)
    near = np.zeros_like(mask)
    near[:, 9:-9, 9:-9] = 1  # up to the end of the mask's soft rim
    spoilt = Output(np.where(near > 0, ada.target, 1 - ada.target))
    for masked in (True, False):
        options = LossWeights(masked=masked, perceptual=1.0, perceptual_net="dlib")
        looking = PerceptionTerms(small(), options, "full")
        changed = float(looking(spoilt, ada)["perceptual"])
        assert (changed < 1e-3) is masked


def test_vggface_leaves_it_to_dlib_who_it_is(
    tmp_path: Path, pair: dict[Identity, FaceBatch]
) -> None:
    path = write(tmp_path / "net.h5", layers_of("vgg16"))
    options = LossWeights(perceptual=1.0, identity=1.0, perceptual_file=path)
    looking = PerceptionTerms(small(), options, "full")
    assert [net.name for net, _ in looking.nets] == ["vggface", "dlib"]
    ada, ben = (pair[name] for name in IDENTITIES)
    found = looking(Output(ben.target), ada)
    assert set(found) == {"perceptual", "identity"}
    assert all(float(term) > 0 for term in found.values())
