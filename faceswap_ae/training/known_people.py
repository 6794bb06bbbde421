"""Which descriptors of both people are kept in a run, so that conversion recognises them?

A conversion must find the two people in a clip, perhaps on a machine without the faces that the run
was trained on. So the run keeps the descriptors of some of these faces, in people.json.
"""

import json
from collections.abc import Sequence

from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.faces.identities import MOST_REFERENCES, KnownPerson, known_person
from faceswap_ae.faces.record import pack_descriptors, unpack_descriptors
from faceswap_ae.networks.model_interface import IDENTITIES, Identity
from faceswap_ae.training.data.face_set import FaceSet
from faceswap_ae.training.runs.run import Run

VERSION = 1


def save_known_people(run: Run, sets: Sequence[FaceSet]) -> None:
    """Write descriptors of both people to the run; `sets` are in the order of IDENTITIES."""
    told: dict[str, object] = {"version": VERSION}
    for identity, one in zip(IDENTITIES, sets, strict=True):
        known = known_person(list(one.descriptors))
        assert known is not None
        told[identity] = {"name": one.name, "descriptors": pack_descriptors(known.references)}
    text = json.dumps(told, indent=1) + "\n"
    if not run.people.exists() or run.people.read_text(encoding="utf-8") != text:
        write_text(run.people, text)


def load_known_person(run: Run, identity: Identity) -> KnownPerson | None:
    """Read one of a run's people; None if the run has no people.json."""
    try:
        told = JsonFields.read(run.people).inner(identity)
        return KnownPerson(unpack_descriptors(told, "descriptors", MOST_REFERENCES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        again = "train it for a step more, and it is written anew"
        raise UserError(f"{run.people}: cannot be read ({error}); {again}") from error
