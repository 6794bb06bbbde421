"""Which signed statement (C2PA manifest, Content Credentials) does a file carry, and is it intact?

C2PA (https://spec.c2pa.org) binds a statement to the file's bytes by a hash and signs both. MP4,
MOV, PNG and GIF hold it inside. C2PA knows no place in Matroska, so there it is a file beside the
video (a sidecar), `out.mkv.c2pa`, in C2PA's own form, with a hash over all bytes of the video. Both
are read by any C2PA reader; for a sidecar it must be told which file it belongs to.

The statement is written last: whatever is added to the file later makes it read as altered.
Nothing goes to the network: no time stamps are fetched, and no manifests of strangers.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib import import_module
from mimetypes import guess_type
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

from faceswap_ae.common.atomic import explain_os_error, replacing
from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.limits import file_size, read_whole
from faceswap_ae.marks.c2pa_manifest import (
    INTACT,
    PARENT,
    Credentials,
    Statement,
    make_manifest,
    one_line,
    read_store,
)
from faceswap_ae.marks.certificate import EXTRA, Certificate, signing_algorithm

__all__ = [
    "Credentials",
    "Statement",
    "can_sign",
    "check_certificate",
    "needs_sidecar",
    "read_credentials",
    "sidecar_of",
    "sign",
]
from faceswap_ae.media import png

log = logging.getLogger(__name__)
T = TypeVar("T")

INSIDE = {  # media types, by suffix, of the files that hold a manifest
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".png": "image/png",
    ".gif": "image/gif",
}
MEDIA = {**INSIDE, ".mkv": "video/x-matroska"}
OTHER = "application/octet-stream"
SIDECAR = ".c2pa"
SETTINGS: dict[str, Any] = {  # nothing goes to the network
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"allowed_network_hosts": []},
    "builder": {"thumbnail": {"enabled": False}},
}


@dataclass(frozen=True)
class _Job:
    final: Path
    statement: Statement
    certificate: Certificate


def can_sign() -> bool:
    """Is c2pa-python there? If not, the log says so once."""
    return _load_library() is not None


def sign(path: Path, final: Path, statement: Statement, certificate: Certificate) -> None:
    """Sign a finished file that will be renamed to `final`. Without c2pa-python, it stays as it is.

    A video and its sidecar are two files. If the process ends before the rename, an older video of
    that name reads as altered until the command is run again.
    """
    if (library := _load_library()) is None:
        return
    job = _Job(final, statement, certificate)
    with replacing(path) as part:
        try:
            _in_a_thread(partial(_write_signed, library, path, part, job))
        except library.C2paError as error:
            raise _explain(error, job) from error
        except OSError as error:
            raise explain_os_error(error, final) from error


def read_credentials(path: Path, anchors: bytes = b"") -> Credentials | None:
    """Return what a file, or a folder's first picture, says of itself; None if it says nothing.

    `anchors`: certificates (PEM) of those whom the user trusts. No list of them comes with us.
    """
    if (library := _load_library()) is None:
        return Credentials("unreadable", problems=(f"c2pa-python cannot be used; {EXTRA}",))
    trust = {"trust": {"trust_anchors": anchors.decode("ascii", "replace")}} if anchors else {}
    try:
        context = library.Context.from_dict({**SETTINGS, **trust})
    except library.C2paError as error:
        raise UserError(
            "the list of trusted signers: holds no certificates; make it PEM"
        ) from error
    place = min(path.glob("*.png"), default=path) if path.is_dir() else path
    try:
        store = _in_a_thread(partial(_find_store, library, context, place))
        return None if store is None else read_store(store)
    except (library.C2paError, OSError, ValueError) as error:
        return Credentials("unreadable", problems=(one_line(error),))


def check_certificate(certificate: Certificate) -> None:
    """Raise UserError if C2PA takes no signature by it. A small picture is signed to find out."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "trial.png")
        path.write_bytes(png.encode(np.zeros((8, 8, 3), np.uint8), {}))
        sign(path, path, Statement("a trial", datetime.now(UTC), "", None, {}), certificate)


def needs_sidecar(video: Path) -> bool:
    """Is this a file that cannot hold a manifest?"""
    return video.suffix.lower() not in INSIDE


def sidecar_of(video: Path) -> Path:
    """Return where the manifest of a file is that cannot hold it.

    The suffix stays in the name: beside out.mkv there may be an out.mp4.
    """
    return video.with_name(video.name + SIDECAR)


@cache
def _load_library() -> Any:
    """Return the module c2pa; None, and a line in the log, without it."""
    if "c2pa" not in sys.modules and (planted := _find_planted()):
        log.warning("%s: is no part of c2pa-python, but would run; nothing is signed", planted)
        return None
    try:
        return import_module("c2pa")
    except (ImportError, OSError, RuntimeError) as error:  # it is missing, or its native part is
        log.info("no Content Credentials: %s; %s", one_line(error), EXTRA)
        return None


def _find_planted() -> Path | None:
    """Find what c2pa would load instead of its own native part: it looks in this folder first."""
    for place in (Path.cwd(), Path.cwd() / "artifacts", Path.cwd() / "libs"):
        for pattern in ("*c2pa_c.*", "*-*/*c2pa_c.*"):
            if found := next(place.glob(pattern), None):
                return found
    return None


def _in_a_thread(work: Callable[[], T]) -> T:
    """Do some work where Ctrl-C does not arrive.

    The library reads and writes through functions in Python. An exception that a signal raises in
    one is dropped, and counts as the end of the file.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def _write_signed(library: Any, path: Path, part: Path, job: _Job) -> None:
    """Write a signed copy; where a manifest cannot be inside, a mere copy and a sidecar."""
    suffix = job.final.suffix.lower()
    is_inside = suffix in INSIDE
    with (
        library.Context.from_dict(SETTINGS) as context,
        _make_builder(library, context, job.statement) as builder,
        _make_signer(library, job.certificate) as signer,
    ):
        if not is_inside:
            builder.set_no_embed()
        with path.open("rb") as source, _Target(part, "r+") as target:
            manifest = builder.sign(signer, MEDIA.get(suffix, OTHER), source, target)
        store = _read_store(library, context, part, None if is_inside else manifest)
    signed = read_store(store)
    if signed.state not in INTACT:
        why = ", ".join(signed.problems)
        raise Fault(f"{job.final}: its new signature does not hold ({why}); is the disk sound?")
    if not is_inside:
        with replacing(sidecar_of(job.final)) as beside:
            beside.write_bytes(manifest)


def _make_builder(library: Any, context: Any, statement: Statement) -> Any:
    builder = library.Builder(make_manifest(statement), context=context)
    if (parent := statement.parent) is not None:
        words = {"title": one_line(parent.name), "relationship": "parentOf", "label": PARENT}
        media = MEDIA.get(parent.suffix.lower()) or guess_type(parent.name)[0] or OTHER
        try:
            with parent.open("rb") as file:
                builder.add_ingredient(words, media, file)
        except (library.C2paError, OSError):  # a folder, or a file that the library cannot read
            builder.add_ingredient(words, OTHER, io.BytesIO())
    return builder


def _make_signer(library: Any, certificate: Certificate) -> Any:
    algorithm = signing_algorithm(certificate.key)
    no_time_stamps = None
    chain, key = certificate.chain, certificate.key
    return library.Signer.from_info(library.C2paSignerInfo(algorithm, chain, key, no_time_stamps))


class _Target(io.FileIO):
    """The file that is signed into. At its end it raises the error of a write.

    The library says only that something failed. It also takes it for granted that a write takes all
    bytes.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.failure = error
            raise
        return len(data)

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        if self.failure is not None:
            raise self.failure


def _explain(error: Exception, job: _Job) -> Fault | UserError:
    why = f"{job.final}: could not be signed ({one_line(error)})"
    if job.certificate.own:
        rules = "does it keep C2PA's rules, section 14.5?"
        return UserError(
            f"your certificate: nothing can be signed by it ({one_line(error)}); {rules}"
        )
    return Fault(f"{why}; is the file sound, and c2pa-python up to date?")


def _find_store(library: Any, context: Any, path: Path) -> JsonFields | None:
    """Return the manifests in a file, else those beside it; None if there are none."""
    file_size(path)  # it is a file, and no pipe
    try:
        return _read_store(library, context, path)
    except (library.C2paError.ManifestNotFound, library.C2paError.NotSupported):
        if not sidecar_of(path).exists():
            return None
    return _read_store(library, context, path, read_whole(sidecar_of(path)))


def _read_store(
    library: Any, context: Any, path: Path, manifest: bytes | None = None
) -> JsonFields:
    # Without a media type, the library looks at the file itself: a suffix may lie.
    with path.open("rb") as file, library.Reader("", file, manifest, context=context) as reader:
        return JsonFields.parse(reader.json())
