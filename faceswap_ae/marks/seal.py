"""Which marks does an output get besides its tags: in its pixels, and signed?

The writer of an output asks for both: each picture is imprinted before it is encoded, and the
finished file is signed before it gets its name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.marks.certificate import (
    EXTRA,
    Certificate,
    local_certificate,
    make_certificate,
    read_certificate,
)
from faceswap_ae.marks.credentials import (
    Statement,
    can_sign,
    check_certificate,
    needs_sidecar,
    sidecar_of,
    sign,
)
from faceswap_ae.marks.payload import Payload, output_digest
from faceswap_ae.marks.watermark import REVISION, imprint
from faceswap_ae.media.ownership import check_may_replace
from faceswap_ae.media.provenance import WATERMARK

NONE = "none"  # what the tags say of the watermark where there is none


@dataclass(frozen=True)
class MarkOptions:
    """Which marks an output gets."""

    watermark: bool = True
    sign: bool = True
    certificate: Path | None = None  # PEM of the user's own: the chain and the key

    @property
    def revision(self) -> int:
        """Goes up when the same frames get another watermark; 0 without one."""
        return REVISION if self.watermark else 0


UNMARKED = MarkOptions(watermark=False, sign=False)  # but the tags


@dataclass(frozen=True)
class Deed:
    """What was done to make an output."""

    kind: str  # see payload.KINDS
    tags: Mapping[str, str]  # see media/provenance.py
    job: Mapping[str, Any]  # all that its frames depend on
    parent: Path | None = None  # the clip that was altered; None if nobody may learn of it


@dataclass(frozen=True)
class OutputSeal:
    """The marks of one output."""

    deed: Deed
    payload: Payload | None
    certificate: Certificate | None

    @property
    def tags(self) -> dict[str, str]:
        """The tags, which say too whether there is a watermark."""
        output = NONE if self.payload is None else self.payload.output
        return {**self.deed.tags, WATERMARK: output}

    @property
    def unsigned(self) -> "OutputSeal":
        """The same, for a file that may become no output."""
        return replace(self, certificate=None)

    @property
    def without_watermark(self) -> "OutputSeal":
        """The same, for pictures whose every level counts."""
        return replace(self, payload=None)

    def imprint(self, image: Image) -> Image:
        """Return a picture with the watermark, if there is one."""
        return image if self.payload is None else imprint(image, self.payload)

    def sign(self, part: Path, final: Path) -> None:
        """Sign a finished file that will be named `final`."""
        if self.certificate is None:
            if needs_sidecar(final):  # one of an earlier file would not fit
                sidecar_of(final).unlink(missing_ok=True)
            return
        tags = self.deed.tags
        when = datetime.fromisoformat(tags["ai_time"])
        extra = {"kind": self.deed.kind, "watermark": self.tags[WATERMARK]}
        title = "" if self.deed.parent is None else final.name
        statement = Statement(tags["ai_altered"], when, title, self.deed.parent, extra)
        sign(part, final, statement, self.certificate)


def make_seal(options: MarkOptions, deed: Deed) -> OutputSeal:
    """Return the marks of an output. Raises UserError if the user's certificate is no good."""
    output = output_digest(json.dumps(deed.job, sort_keys=True, default=str))
    payload = Payload(deed.kind, output) if options.watermark else None
    return OutputSeal(deed, payload, _certificate(options, deed))


def check_marks(options: MarkOptions, out: Path, *, overwrite: bool) -> None:
    """Raise UserError if an output cannot get its marks. Asked before the work, which is long."""
    if needs_sidecar(out):
        check_may_replace(sidecar_of(out), overwrite=overwrite)
    own = options.certificate
    if own is None:
        return
    if not options.sign:
        raise UserError(f"{own}: nothing is signed with --no-sign; leave out one of both")
    if not can_sign():
        raise UserError(f"{own}: nothing can be signed without c2pa-python; {EXTRA}")
    check_certificate(read_certificate(own))


def _certificate(options: MarkOptions, deed: Deed) -> Certificate | None:
    if not options.sign or not can_sign():
        return None
    if options.certificate is not None:
        return read_certificate(options.certificate)
    # By a certificate that signs several files, it can be seen that they are of one maker.
    return make_certificate() if deed.parent is None else local_certificate()
