"""Which meshes are found in pictures of people whose expression and pose are known?"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from benchmarks.field import anything
from faceswap_ae.common.geometry import Doubles, Integers, Points
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.detectors import DetectedBox
from faceswap_ae.faces.detection.mesh_close_up import mesh_close_up
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SEED = 17
MOVES = tuple(item.name for item in fields(Expression))
SHOWN = 0.35  # probability that a picture shows one of the expressions
STRONG = 0.45  # standard deviation of how strongly
FACE, SIZE = 220.0, (420, 420)  # pixels


@dataclass(frozen=True, eq=False)
class HeadSamples:
    """What was found in n pictures, and what the renderer knows of them."""

    mesh: Points  # (n, 478, 3) in pixels
    felt: Doubles  # (n, m): strength of each expression, then how far the lids are shut
    who: Integers  # (n,): number of the person


def collected(people: Sequence[str], acts: int) -> HeadSamples:
    """Find the mesh in random acts of some people."""
    closely, rows = mesh_close_up(turns=False), []
    for number, who in enumerate(people):
        rng = np.random.default_rng([SEED, number])
        sitter = alone(person(who))
        for _ in range(acts):
            act, setting = _act(rng)
            frame = render(sitter, act, setting)
            box = square_around(np.asarray(frame.landmarks.picture, np.float64))
            found = closely.sights(frame.image, [DetectedBox(box, 1.0, "truth")])
            if not found:
                continue
            closely.complete([(frame.image, found[0])])
            felt = [getattr(act.felt, name) for name in MOVES] + [act.look.blink[0]]
            rows.append((found[0].mesh, felt, number))
    mesh, felt, numbers = zip(*rows, strict=True)
    return HeadSamples(np.array(mesh), np.array(felt), np.array(numbers))


def _act(rng: np.random.Generator) -> tuple[Act, Setting]:
    """A random pose, light and mixture of expressions."""
    plain, setting = anything(rng)
    on = rng.random(len(MOVES)) < SHOWN
    felt = Expression(
        **dict(zip(MOVES, on * np.abs(rng.normal(0, STRONG, len(MOVES))), strict=True))
    )
    shut = float(rng.random() < SHOWN) * rng.uniform(0, 1)
    look = Look(plain.look.gaze, (shut, shut))
    act = Act(FACE, yaw=plain.yaw, pitch=plain.pitch, roll=plain.roll, felt=felt, look=look)
    return act, Setting(SIZE, setting.light, setting.backdrop, seed=setting.seed)
