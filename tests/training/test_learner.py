from typing import Any

import numpy as np
import pytest

from faceswap_ae.common.errors import RecipeError, UserError
from faceswap_ae.networks.model_interface import FACE, ONTO
from faceswap_ae.training.build import batch_statistics, build_networks
from faceswap_ae.training.learner import Learner, exchange_own_parts
from faceswap_ae.training.plugin_check import random_batches as batches
from faceswap_ae.training.recipe import parse_recipe

RECIPE = """
model: MODEL
trainer: TRAINER
precision: float32
training: {judge_width: .1, adversarial: 0}
optimiser: {decay: none, rate: 1e-3}
stages:
  - name: plain
  - name: judged
    changes: {adversarial: .1}
  - name: frozen
    freeze: [encoder]
  - name: exchanged
    exchange: true
  - name: judged again
    changes: {adversarial: .1}
"""


def learner(
    model: str = "quick", size: str = "size=32", before: str = "", after: str = ""
) -> Learner:
    text = RECIPE.replace("MODEL", model).replace("TRAINER", "gan").replace(before, after, 1)
    settings = parse_recipe(text, "mine", [size, "network.width=.1"])
    own = build_networks(settings)
    pair = batches(own.size_in, own.size_out)
    known = batch_statistics(pair)
    return Learner(settings, own, known)


def step(one: Learner) -> None:
    pair = batches(one.networks.size_in, one.networks.size_out)
    one.stepper.step([pair] * one.stepper.pairs, 1e-3)


def of(arrays: dict[str, Any], part: str) -> list[Any]:
    return [array for name, array in sorted(arrays.items()) if f"{part}/" in name]


def same(one: list[Any], other: list[Any]) -> bool:
    return bool(one) and all(map(np.array_equal, one, other))


def test_a_judge_sleeps_through_a_stage_and_wakes_as_it_was() -> None:
    one = learner()
    one.change(1)
    step(one)
    awake = one.arrays()
    judged = of(awake["weights"], "discriminator_face")
    assert judged
    one.change(2)
    assert "discriminator" not in [player.name for player in one.setup.players]
    step(one)
    asleep = one.arrays()
    assert same(of(asleep["weights"], "discriminator_face"), judged)
    one.change(4)
    for group in ("weights", "optimiser"):
        woken = of(one.arrays()[group], "discriminator_face")
        assert same(woken, of(awake[group], "discriminator_face"))


def test_frozen_parts_stand_still_and_keep_their_moments() -> None:
    one = learner()
    step(one)
    one.change(2)
    before = one.arrays()
    step(one)
    after = one.arrays()
    for group in ("weights", "optimiser"):
        assert same(of(before[group], "encoder"), of(after[group], "encoder"))
        assert not same(of(before[group], "decoder_face"), of(after[group], "decoder_face"))
    one.change(4)
    step(one)
    assert not same(of(after["weights"], "encoder"), of(one.arrays()["weights"], "encoder"))


def test_exchanged_decoders_keep_their_moments() -> None:
    one = learner()
    step(one)
    before = one.arrays()
    one.change(3)
    after = one.arrays()
    for group in ("weights", "optimiser"):
        assert same(of(after[group], "decoder_face"), of(before[group], "decoder_onto"))
        assert same(of(after[group], "decoder_onto"), of(before[group], "decoder_face"))
        assert same(of(after[group], "encoder"), of(before[group], "encoder"))


@pytest.mark.slow
def test_restored_in_the_middle_it_goes_on_alike() -> None:
    one, other = learner(), learner()
    for number in range(3):
        one.change(number)
        step(one)
    other.enter(2)
    other.restore(one.arrays(), "run")
    for learning in (one, other):
        step(learning)
        learning.change(4)
        step(learning)
    mine, theirs = one.arrays(), other.arrays()
    for group in ("weights", "optimiser"):
        assert mine[group].keys() == theirs[group].keys()
        assert all(np.array_equal(mine[group][name], theirs[group][name]) for name in mine[group])


def test_what_a_later_stage_cannot_do_is_told_at_once() -> None:
    everything = "[encoder, inter, decoder_face, decoder_onto]"
    for before, after, said in (
        ("[encoder]", "[encodr]", "stage frozen: .*did you mean 'encoder'"),
        ("[encoder]", everything, "stage frozen: everything is frozen"),
        (
            "{adversarial: .1}",
            "{perceptual: 1, perceptual_file: /no/file.h5}",
            "no such file of weights",
        ),
    ):
        with pytest.raises(UserError, match=said):
            learner(before=before, after=after)
    with pytest.raises(UserError, match="no parts of each identity's own"):
        learner("sae", "size=64", before="freeze: [encoder]", after="share: 1")


def test_what_shapes_a_judge_holds_for_all_stages() -> None:
    with pytest.raises(RecipeError, match=r"stage judged: cannot change training\.judge_width"):
        learner(before="{adversarial: .1}", after="{adversarial: .1, judge_width: .2}")
    with pytest.raises(RecipeError, match="nothing to exchange"):
        learner(before="- name: plain", after="- name: plain\n    exchange: true")


def test_exchanged_names() -> None:
    arrays = {"weights": {"decoder_face/0": np.zeros(1), "inter/0": np.ones(1)}}
    own = {FACE: ("decoder_face",), ONTO: ("decoder_onto",)}
    assert exchange_own_parts(arrays, own)["weights"].keys() == {"decoder_onto/0", "inter/0"}
