import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from faceswap_ae.training.optimiser import Optimiser, built, slots

RULES = ("adam", "adabelief", "rmsprop", "sgd")


def weights(*shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(0)
    return [keras.Variable(rng.normal(size=shape).astype(np.float32)) for shape in shapes]


def slopes(count: int, *shapes: tuple[int, ...]) -> list[list[np.ndarray]]:
    rng = np.random.default_rng(1)
    return [[rng.normal(size=one).astype(np.float32) for one in shapes] for _ in range(count)]


def values(variables: Sequence[Any]) -> list[np.ndarray]:
    return [np.asarray(one).copy() for one in variables]


def mover(optimiser: Any, moving: list[Any]) -> Any:
    """A function that applies gradients as `Stepper` does: compiled, and with JAX in a scope."""
    if not optimiser.built:
        optimiser.build(moving)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(lambda given: optimiser.apply(given, moving), autograph=False)
    if keras.backend.backend() == "torch":
        import torch

        return torch.no_grad()(lambda given: optimiser.apply(list(given), moving))
    import jax

    own = [*moving, *optimiser.variables]

    @jax.jit
    def pure(state: Any, given: Any) -> Any:
        known = zip(own, state, strict=True)
        with keras.StatelessScope(state_mapping=list(known)) as scope:
            optimiser.apply(given, moving)
        return [scope.get_current_value(one) for one in own]

    def move(given: Any) -> None:
        for one, value in zip(own, pure([one.value for one in own], given), strict=True):
            one.assign(value)

    return move


def course(optimiser: Any, moving: list[Any], given: list[Any]) -> Iterator[list[np.ndarray]]:
    """Yield the weights before the first step and after every step."""
    move = mover(optimiser, moving)
    yield values(moving)
    for each in given:
        move([ops.convert_to_tensor(one) for one in each])
        yield values(moving)


def test_the_rate_rises_then_sinks() -> None:
    rule = Optimiser(rate=0.1, warmup=9, decay="cosine")
    assert rule.at(0, 0) == pytest.approx(0.01)
    assert rule.at(9, 0) == pytest.approx(0.1)
    assert rule.at(500, 0.5) == pytest.approx(0.05)
    assert rule.at(1000, 1.0) == pytest.approx(0)
    assert rule.at(2000, 2.0) == pytest.approx(0)


def test_without_decay_it_stays() -> None:
    assert Optimiser(rate=0.1).at(10**6, 0.99) == 0.1


WRONG = {"rate": (0.0, np.nan, np.inf), "beta1": (1.0,), "beta2": (-0.1,), "epsilon": (0.0,)}
WRONG |= {"clip": (0.0,), "warmup": (-1,), "dropout": (0.0, 1.1)}


@pytest.mark.parametrize(("name", "wrong"), [(name, one) for name in WRONG for one in WRONG[name]])
def test_what_makes_no_sense_is_refused(name: str, wrong: float) -> None:
    with pytest.raises(ValueError, match=f"^{name}: {wrong} is"):
        Optimiser(**{name: wrong})  # type: ignore[arg-type]


def test_keras_gets_what_is_said() -> None:
    adam = built(Optimiser(rate=0.25, beta1=0.8, beta2=0.9, clip=1.5))
    assert float(adam.learning_rate) == 0.25
    assert (adam.beta_1, adam.beta_2, adam.global_clipnorm) == (0.8, 0.9, 1.5)


def test_fused_it_is_adam_but_for_rounding() -> None:
    from faceswap_ae.training.keras_optimisers import FusedAdam

    given = slopes(20, (40, 30))
    ends = []
    for kind in (keras.optimizers.Adam, FusedAdam):
        (weight,) = weights((40, 30))
        rule = kind(0.01, 0.5, 0.999, global_clipnorm=5.0)
        start, *_, end = course(rule, [weight], given)
        ends.append(end[0])
    assert np.abs(ends[0] - ends[1]).max() < 1e-5
    assert np.abs(ends[0] - start[0]).max() > 0.05


def test_adam_that_drops_nothing_moves_as_the_fused_one() -> None:
    from faceswap_ae.training.keras_optimisers import FusedAdam

    assert type(built(Optimiser())).update_step is FusedAdam.update_step


@pytest.mark.parametrize("rule", ["adam", "adabelief", "rmsprop"])
def test_epsilon_is_beside_the_root_for_each_rule(rule: Any) -> None:
    """With gradients far below epsilon, a step is proportional to the gradient, not to its root."""
    settings = Optimiser(rate=1.0, beta1=0.0, beta2=0.0, epsilon=1e-3, rule=rule)
    start, end = course(built(settings), weights((1,)), [[np.full(1, 1e-6, np.float32)]])
    assert start[0][0] - end[0][0] == pytest.approx(1e-3, rel=0.01)


def test_sgd_is_the_slope() -> None:
    given = slopes(1, (5, 4))
    start, end = course(built(Optimiser(rate=0.1, rule="sgd")), weights((5, 4)), given)
    assert np.allclose(end[0], start[0] - 0.1 * given[0][0], atol=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_dropout_moves_a_share_and_others_each_time(rule: Any) -> None:
    shape = (101, 99)  # the number of weights is not a multiple of 4
    optimiser = built(Optimiser(rate=0.1, rule=rule, dropout=0.3))
    whole = built(Optimiser(rate=0.1, rule=rule))
    found = list(course(optimiser, weights(shape, shape), slopes(4, shape, shape)))
    free = list(course(whole, weights(shape, shape), slopes(4, shape, shape)))
    moved = [[a != b for a, b in zip(*both, strict=True)] for both in pairwise(found)]
    masks = [mask for pair in moved for mask in pair]
    assert [mask.mean() for mask in masks] == pytest.approx([0.3] * 8, abs=0.02)
    # Two independent masks agree in a share of 0.3^2 + 0.7^2.
    agree = [(a == b).mean() for n, a in enumerate(masks) for b in masks[:n]]
    assert agree == pytest.approx([0.58] * len(agree), abs=0.03)
    # Weights that move in the first step move as without dropout. Moments include all gradients.
    assert np.allclose(found[1][0][moved[0][0]], free[1][0][moved[0][0]], atol=1e-6)
    kept = [values([*slots(one, "ab").values()]) for one in (optimiser, whole)]
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(*kept, strict=True))


@pytest.mark.parametrize(("share", "moving"), [(1e-6, 1 / 256), (1 - 1e-6, 255 / 256)])
def test_the_smallest_share_still_moves_and_the_largest_still_drops(
    share: float, moving: float
) -> None:
    shape = (400, 500)
    optimiser = built(Optimiser(rate=0.1, rule="sgd", dropout=share))
    start, end = course(optimiser, weights(shape, ()), slopes(1, shape, ()))
    assert (start[0] != end[0]).mean() == pytest.approx(moving, abs=5e-4)


@pytest.mark.parametrize("rule", RULES)
def test_who_goes_on_from_slots_draws_what_would_have_been_drawn(rule: Any) -> None:
    settings = Optimiser(rate=0.1, rule=rule, dropout=0.5)
    shapes, names = ((30, 20), (20,)), ("kernel", "bias")
    given = slopes(6, *shapes)
    first = built(settings)
    found = list(course(first, early := weights(*shapes), given[:3]))
    kept = dict(zip(slots(first, names), values([*slots(first, names).values()]), strict=True))
    found += list(course(first, early, given[3:]))[1:]
    late, second = [keras.Variable(one) for one in found[3]], built(settings)
    second.build(late)
    for name, slot in slots(second, names).items():
        slot.assign(kept[name])
    for one, other in zip(course(second, late, given[3:]), found[3:], strict=True):
        assert all((a == b).all() for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("dropout", [1.0, 0.5])
@pytest.mark.parametrize("rule", RULES)
def test_weights_left_out_stay_and_count_for_no_norm(rule: Any, dropout: float) -> None:
    settings = Optimiser(rate=0.1, clip=0.5, rule=rule, dropout=dropout)
    shapes = ((30, 20), (20,), (9, 9))
    every, alone = weights(*shapes), weights(*shapes)[:2]
    many, few = built(settings), built(settings)
    many.build(every)
    few.build(alone)
    given = slopes(3, *shapes[:2])
    both = course(many, every[:2], given), course(few, alone, given)
    for one, other in zip(*both, strict=True):
        assert all((a == b).all() for a, b in zip(one, other, strict=True))
    assert (values(every)[2] == values(weights(*shapes))[2]).all()
    frozen = [one for name, one in slots(many, "abc").items() if name.endswith("/c")]
    assert not any(one.any() for one in values(frozen))


KEPT = ["momentum velocity", "momentum belief", "velocity", ""]


@pytest.mark.parametrize(("rule", "slot"), [*zip(RULES, KEPT, strict=True)])
@pytest.mark.parametrize("dropout", [1.0, 0.3])
def test_slots_name_all_but_the_rate(rule: Any, slot: str, dropout: float) -> None:
    kept = slot.split()
    optimiser = built(Optimiser(rule=rule, dropout=dropout))
    moving = weights((2, 3), (4,))
    optimiser.build(moving)
    found = slots(optimiser, ["face/kernel", "face/bias"])
    rest = [f"{one}/face/{name}" for one in kept for name in ("kernel", "bias")]
    assert list(found) == ["iterations", *rest]
    assert len(found) == len(optimiser.variables) - 1
    assert all(tuple(found[f"{one}/face/bias"].shape) == (4,) for one in kept)
    mover(optimiser, moving)([ops.ones((2, 3)), ops.ones((4,))])
    assert int(found["iterations"]) == 1
    assert all(one.any() for one in values([*found.values()]))


def test_slots_that_belong_to_nobody_are_refused() -> None:
    optimiser = built(Optimiser())
    optimiser.build(weights((2, 3), (4,)))
    for names in ("a", "abc", "aa"):
        with pytest.raises(ValueError, match=f"of {len(names)} names for 2 weights"):
            slots(optimiser, names)
    strange = keras.optimizers.Adam(amsgrad=True)
    strange.build(weights((2, 3)))
    with pytest.raises(ValueError, match=r"velocity_hat belongs to no weight"):
        slots(strange, "a")


def scaled(dropout: float) -> list[list[float]]:
    """Four steps in float16, the second with an infinite gradient: scale, step number, weights."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        optimiser = built(Optimiser(rate=0.1, clip=1.0, dropout=dropout))
    finally:
        keras.config.set_dtype_policy("float32")
    moving = weights((30, 20), (3,))
    optimiser.build(moving)
    optimiser.dynamic_growth_steps = 2
    given, found = slopes(4, (30, 20)), []
    given[1][0][0, 0] = np.inf
    move = mover(optimiser, moving[:1])
    for (slope,) in given:
        move([ops.convert_to_tensor(slope * float(optimiser.dynamic_scale.value))])
        kernel = values(moving)[0]
        steps = slots(optimiser, "ab")["iterations"].value
        found.append([float(optimiser.dynamic_scale.value), int(steps), *kernel.ravel().tolist()])
    return found


@pytest.mark.parametrize("dropout", [1.0, 0.5])
def test_a_scaled_loss_skips_what_is_not_finite(dropout: float) -> None:
    found = scaled(dropout)
    assert [row[:2] for row in found] == [[2**15, 1], [2**14, 1], [2**14, 2], [2**15, 3]]
    assert found[1][2:] == found[0][2:] != found[2][2:]
    moved = [np.not_equal(found[n][2:], found[n - 1][2:]).mean() for n in (2, 3)]
    assert moved == pytest.approx([dropout] * 2, abs=0.1)


def told() -> dict[str, list[Any]]:
    """The weights that each rule leads to, when one of three weights gets no gradient."""
    shapes = ((30, 20), (20,), (9, 9))
    found: dict[str, list[Any]] = {"scaled": scaled(1.0)}
    for rule in RULES:
        settings = Optimiser(rate=0.1, beta1=0.9, clip=0.5, rule=rule)  # type: ignore[arg-type]
        every = weights(*shapes)
        optimiser = built(settings)
        optimiser.build(every)
        *_, found[rule] = course(optimiser, every[:2], slopes(3, *shapes[:2]))
        assert (values(every)[2] == values(weights(*shapes))[2]).all()
    found["scaled"] = scaled(1.0)
    return {
        name: [np.asarray(one).ravel().tolist() for one in many] for name, many in found.items()
    }


ELSEWHERE = """
import json
from tests.training import test_optimiser as own
own.test_dropout_moves_a_share_and_others_each_time("adam")
own.test_who_goes_on_from_slots_draws_what_would_have_been_drawn("adabelief")
own.test_a_scaled_loss_skips_what_is_not_finite(0.5)
print(json.dumps(own.told()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_move_alike_and_drop_as_well(backend: str) -> None:
    if backend == "torch":
        pytest.importorskip("torch")
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", ELSEWHERE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found, here = json.loads(done.stdout.splitlines()[-1]), told()
    for name, many in here.items():
        for one, other in zip(many, found[name], strict=True):
            assert np.allclose(one, other, atol=1e-5)
