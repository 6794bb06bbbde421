"""How does a run's newest checkpoint become networks that swap?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.networks import code_alignment
from faceswap_ae.networks.code_alignment import Alignment
from faceswap_ae.networks.model_interface import FACE, ONTO, Identity, Networks
from faceswap_ae.networks.variables import assign_arrays, named_variables, select_parts
from faceswap_ae.training.build import build_networks
from faceswap_ae.training.data import face_set
from faceswap_ae.training.data.batches import GALLERY, BatchSource
from faceswap_ae.training.preview import PreviewNames, draw_preview, unlike_rows
from faceswap_ae.training.recipe import FullRecipe, read_recipe
from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.runs.checkpoint import WEIGHTS
from faceswap_ae.training.runs.run import Run


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """A run's networks, where its codes lie, and what it was begun with."""

    networks: Networks
    alignments: Mapping[Identity, Alignment]
    recipe: FullRecipe
    step: int

    def alignment(self, to: Identity = FACE) -> Alignment | None:
        """How codes are brought to `to`, as far as the recipe says."""
        whole = self.alignments.get(to)
        return whole.part(self.recipe.align) if whole else None


def load_trained(run: Run) -> TrainedRun:
    """The newest sound checkpoint. The optimiser and the trainer's own parts are left alone."""
    settings = read_recipe(run.recipe)
    state = checkpoint.load(run.checkpoints, [WEIGHTS, "codes"])
    if state is None:
        raise UserError(f"{run.folder}: has no checkpoint yet; train it first")
    built = build_networks(settings)
    arrays = select_parts(built.parts, state.arrays[WEIGHTS])
    assign_arrays(named_variables(built.parts), arrays, str(run.folder))
    found = (
        code_alignment.alignments_from_arrays(state.arrays["codes"])
        if "codes" in state.arrays
        else {}
    )
    return TrainedRun(built, found, settings, state.step)


def draw_run_preview(run: Run, face: Path, onto: Path, rows: int) -> Image:
    """A preview of a run on the faces of both folders: no swap is ever learnt from one."""
    one = load_trained(run)
    own, settings, facts = one.networks, one.recipe, run.facts
    size = max(own.size_in, own.size_out)
    owner, faces = (face_set.load_face_set(one, settings.crop, size) for one in (face, onto))
    feed = BatchSource(
        (owner, faces), settings.augment, own.size_in, own.size_out, rows, settings.seed
    )
    gallery, names = feed.gallery(ONTO, max(GALLERY, rows)), PreviewNames(facts.face, facts.onto)
    shown = gallery.some(unlike_rows(gallery.landmarks, rows))
    return draw_preview(own, shown, feed.gallery(FACE), one.alignment(), names)
