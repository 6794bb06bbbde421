"""How do two face sets become batches, so that each training run gets the same ones?

The content of a batch depends only on the seed, the step and the identity. It does not depend on
the threads or on the batches before. So a resumed run continues with exactly the batches that it
would have had without the break.
"""

import itertools
import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles, Floats
from faceswap_ae.common.prefetch import prefetch
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.faces.landmark_masks import hide_outside
from faceswap_ae.networks.model_interface import IDENTITIES, Identity
from faceswap_ae.training.data.augmentation import (
    Augmentation,
    AugmentedFace,
    SourceFace,
    SourcesAround,
    augment,
    without_chance,
)
from faceswap_ae.training.data.face_set import FaceSet
from faceswap_ae.training.data.photometric import apply
from faceswap_ae.training.data.sampling import drawn, weights

__all__ = ["Augmentation", "Batch", "BatchSource"]

MOST_THREADS = 8
GALLERY = 32  # faces of each person, of which a preview shows some
AHEAD = 1  # finished pairs of batches that each thread keeps, besides the one in progress
ROOM = 2 * 10**9  # bytes for batches made in advance; large batches are made by fewer threads

Pair = tuple["Batch", "Batch"]


@dataclass(frozen=True, eq=False)
class Batch:
    """Faces of one identity; float32, images and masks in [0, 1], channels last."""

    warped: Floats  # (n, in, in, 3): the network's input
    target: Floats  # (n, out, out, 3): the output that it should give
    mask: Floats  # (n, out, out, 1): the visible part of the face, without occluders
    eyes: Floats  # (n, out, out, 1)
    mouth: Floats  # (n, out, out, 1)
    landmarks: Floats  # (n, 68, 2) in the target's unit square

    def some(self, places: NDArray[np.int64]) -> "Batch":
        """Return a batch of the faces at these indices."""
        return Batch(**{one.name: getattr(self, one.name)[places] for one in fields(self)})


@dataclass(eq=False)
class BatchSource:
    """Makes batches of `count` faces; the face sets are in the order of IDENTITIES."""

    sets: tuple[FaceSet, FaceSet]
    augmentation: Augmentation
    size_in: int
    size_out: int
    count: int
    seed: int
    threads: int = field(default_factory=lambda: min(os.cpu_count() or 1, MOST_THREADS))
    _open: list[Iterator[Pair]] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        for one in self.sets:
            if one.size < self.size_out:
                raise ValueError(f"{one.name}: faces of {one.size} pixels for {self.size_out}")

    def chosen(self, step: int, identity: Identity) -> NDArray[np.int64]:
        """Return the indices, in the identity's face set, of the faces of a step."""
        own, likely = self._known(identity)
        rng = np.random.default_rng(self._seeds(step, identity))
        return own.taught[drawn(likely, self.count, rng)]

    def batch(self, step: int, identity: Identity) -> Batch:
        """Return the batch of one step: sampled and augmented."""
        own, _ = self._known(identity)
        places = self.chosen(step, identity)
        seeds = self._seeds(step, identity).spawn(len(places))
        made = [
            self._sample(own[place], identity, np.random.default_rng(seed))
            for place, seed in zip(places, seeds, strict=True)
        ]
        return _stacked(made)

    def still(self, identity: Identity, places: NDArray[np.int64]) -> Batch:
        """Return the faces at these indices of their set without random augmentation."""
        own, _ = self._known(identity)
        options, rng = without_chance(self.augmentation), np.random.default_rng(0)
        sizes = self.size_in, self.size_out
        return _stacked([augment(own[place], sizes, options, rng) for place in places])

    def held_out(self, identity: Identity) -> Batch:
        """Return the whole hold-out set as one batch, without random augmentation."""
        own, _ = self._known(identity)
        return self.still(identity, own.held)

    def taught(self, identity: Identity, most: int) -> Iterator[Batch]:
        """Yield at most `most` training faces, evenly chosen, without random augmentation."""
        own, _ = self._known(identity)
        chosen = own.taught[:: -(-len(own.taught) // most)]
        for first in range(0, len(chosen), self.count):
            yield self.still(identity, chosen[first : first + self.count])

    def gallery(self, identity: Identity, most: int = GALLERY) -> Batch:
        """Return evenly chosen training faces without random augmentation, for previews.

        The hold-out set is too small for this: it is a few runs of neighbours in time.
        """
        own, _ = self._known(identity)
        return self.still(identity, np.array(evenly_spaced(list(own.taught), most)))

    def plain(self, identity: Identity, most: int) -> Iterator[Floats]:
        """Yield the network's inputs (n, in, in, 3) for the faces that `taught` yields."""
        return (batch.warped for batch in self.taught(identity, most))

    def stream(self, first_step: int = 0) -> Generator[Pair]:
        """Yield the batches of `face` and `onto` for this step and all later ones.

        Threads make them in advance.
        """
        # Each of n threads makes every n-th step: the order is fixed, no thread waits for another.
        threads = min(self.threads, max(1, ROOM // (self._pair_size * (AHEAD + 1))))
        made = [prefetch(self._every(first_step + n, threads), AHEAD) for n in range(threads)]
        self._open += made
        try:
            for one in itertools.cycle(made):
                yield next(one)
        finally:
            _end(made)
            self._open = [one for one in self._open if one not in made]

    def close(self) -> None:
        """End the threads of all streams."""
        _end(self._open)
        self._open.clear()

    @property
    def _pair_size(self) -> int:
        """Bytes of one pair of batches."""
        return 2 * self.count * (3 * self.size_in**2 + 6 * self.size_out**2) * 4

    def _every(self, first: int, stride: int) -> Generator[Pair]:
        for step in itertools.count(first, stride):
            face, onto = (self.batch(step, identity) for identity in IDENTITIES)
            yield face, onto

    def _seeds(self, step: int, identity: Identity) -> np.random.SeedSequence:
        return np.random.SeedSequence((self.seed, step, IDENTITIES.index(identity)))

    def _known(self, identity: Identity) -> tuple[FaceSet, Doubles]:
        place = IDENTITIES.index(identity)
        return self.sets[place], self._likely[place]

    @cached_property
    def _likely(self) -> list[Doubles]:
        options = self.augmentation
        return [
            weights(
                [one.clips[place] for place in one.taught],
                one.yaw[one.taught],
                options.balance,
                options.even_yaw,
            )
            for one in self.sets
        ]

    @cached_property
    def _shapes(self) -> list[Floats]:
        return [one.shapes[one.taught].astype(np.float32) for one in self.sets]

    def _sample(
        self, source: SourceFace, identity: Identity, rng: np.random.Generator
    ) -> AugmentedFace:
        options, other = self.augmentation, 1 - IDENTITIES.index(identity)
        around = SourcesAround(
            self._anybody(rng) if options.colour else None,
            self._shapes[other] if options.to_landmarks else None,
        )
        return augment(source, (self.size_in, self.size_out), options, rng, around)

    def _anybody(self, rng: np.random.Generator) -> SourceFace:
        one = self.sets[rng.integers(len(self.sets))]
        return one[rng.choice(one.taught)]


def _stacked(samples: Sequence[AugmentedFace]) -> Batch:
    size_in, size_out = samples[0].warped.shape[0], samples[0].target.shape[0]
    batch = _room(len(samples), size_in, size_out)
    for place, one in enumerate(samples):
        apply(one.light, one.warped, batch.warped[place])
        apply(one.colours, one.target, batch.target[place])
        if one.hull is not None:
            hide_outside(batch.warped[place], one.hull)
        masks = (batch.mask, one.mask), (batch.eyes, one.eyes), (batch.mouth, one.mouth)
        for out, mask in masks:
            np.multiply(mask[..., None], np.float32(1 / 255), out=out[place])
        batch.landmarks[place] = one.landmarks
    return batch


def _room(count: int, size_in: int, size_out: int) -> Batch:
    # One allocation for all arrays: getting many small blocks of fresh memory takes longer than
    # filling them.
    mask = count, size_out, size_out, 1
    shapes = {
        "warped": (count, size_in, size_in, 3),
        "target": (count, size_out, size_out, 3),
        **dict.fromkeys(("mask", "eyes", "mouth"), mask),
        "landmarks": (count, 68, 2),
    }
    ends = np.cumsum([np.prod(shape) for shape in shapes.values()])
    parts = np.split(np.empty(ends[-1], np.float32), ends[:-1])
    return Batch(
        **{name: part.reshape(shapes[name]) for name, part in zip(shapes, parts, strict=True)}
    )


def _end(streams: Sequence[Iterator[Pair]]) -> None:
    for one in streams:
        cast("Generator[Pair]", one).close()
