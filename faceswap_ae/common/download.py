"""How is a published file downloaded once, completely, and pinned by its checksum?

A download starts only on request. A download that broke off continues where it stopped. Where
nobody publishes a checksum, the SHA-256 of the first complete download is written beside the file
(the pin). A file that differs from its pin later is refused.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from faceswap_ae.common.atomic import explain_os_error, write_text
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.limits import MOST_DOWNLOAD

PIECE = 2**18  # bytes read at a time
PATIENCE = 30.0  # seconds without a byte, after which the connection is given up
PARTIAL, NOT_THAT_RANGE = 206, 416  # HTTP status codes

Heard = Callable[[int, int | None], None]  # called with bytes so far, and the total if known

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishedFile:
    """A file that somebody publishes at a URL."""

    url: str
    size: int | None = None  # in bytes, if known
    sha256: str = ""  # of its content, if its owner says it; else the first download is pinned
    notice: str = ""  # the terms of its owner; logged before the download
    instead: str = "download it with a browser and name the file"  # advice if this fails

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[-1]


def find_downloaded(published: PublishedFile, folder: Path) -> Path | None:
    """Return the path of the file if it was fetched before, else None.

    Raises UserError if the file differs from its first download.
    """
    path = folder / published.name
    if not path.exists():
        return None
    _verify(path, published, _pin(path))
    return path


def fetch(published: PublishedFile, folder: Path, heard: Heard | None = None) -> Path:
    """Return the path of the file; download it first if it is not there."""
    found = find_downloaded(published, folder)
    if found is not None:
        return found
    if published.notice:
        log.warning("%s: %s", published.name, published.notice)
    path = folder / published.name
    part = folder / f".{published.name}.fetching"
    with _writing(path):
        folder.mkdir(parents=True, exist_ok=True)
    _receive(published, part, heard or (lambda *_: None))
    try:
        _verify(part, published, _pin(path))
    except UserError:
        _forget(part)
        raise
    with _writing(path):
        part.replace(path)
        _forget(part)
    return path


def _receive(published: PublishedFile, part: Path, heard: Heard) -> None:
    """Download into `part`.

    Continues a partial download if the server still has the same version of the file; else starts
    again.
    """
    have = part.stat().st_size if part.exists() else 0
    if published.size is not None and have > published.size:
        _forget(part)
        have = 0
    if have == published.size:
        return
    try:
        with _asked(published, part, have) as answer:
            goes_on = answer.status == PARTIAL
            have = have if goes_on else 0
            left = answer.headers.get("Content-Length")
            total = published.size if left is None else have + int(left)
            _check_size(published, total)
            with _writing(part):
                part.touch()
                _mark(part).write_text(_version(answer), encoding="utf-8")
            _append(answer, part, have, lambda done: heard(done, total))
    except HTTPError as error:
        if error.code == NOT_THAT_RANGE:
            _forget(part)  # the part is of another version of the file
        raise _not_had(published, f"the server says {error.code} {error.reason}") from error
    except URLError as error:
        raise _not_had(published, str(error.reason)) from error
    except (OSError, HTTPException) as error:
        raise _broken_off(published, part, str(error)) from error
    _check_length(published, part, total)


def _asked(published: PublishedFile, part: Path, have: int) -> HTTPResponse:
    version = _mark(part).read_text(encoding="utf-8") if _mark(part).exists() else ""
    wanted = {"Range": f"bytes={have}-", "If-Range": version} if have and version else {}
    request = Request(published.url, headers={"User-Agent": "faceswap_ae", **wanted})
    answer: HTTPResponse = build_opener(_NoDowngrade).open(request, timeout=PATIENCE)
    return answer


class _NoDowngrade(HTTPRedirectHandler):
    """Follows redirects, but from https to https only: what comes by http may be anybody's."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - as urllib calls it
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise URLError(f"it is redirected from https to {newurl}, which is not safe")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _append(answer: HTTPResponse, part: Path, have: int, heard: Callable[[int], None]) -> None:
    with _writing(part):
        file = part.open("ab" if have else "wb")
    with file:
        for piece in _pieces(answer):
            with _writing(part):
                file.write(piece)
                file.flush()
            have += len(piece)
            heard(have)
            if have > MOST_DOWNLOAD:
                break


def _check_length(published: PublishedFile, part: Path, total: int | None) -> None:
    size = part.stat().st_size
    if size > MOST_DOWNLOAD:
        _forget(part)
        raise _not_had(published, f"it has more than {MOST_DOWNLOAD} bytes")
    if total is not None and size < total:
        raise _broken_off(published, part, f"of {total}")


def _pieces(answer: HTTPResponse) -> Iterator[bytes]:
    while piece := answer.read(PIECE):
        yield piece


def _version(answer: HTTPResponse) -> str:
    """Return the tag that tells this version of the file from others: ETag, else Last-Modified.

    A weak ETag is not used, because it may not be sent back in If-Range.
    """
    tag = str(answer.headers.get("ETag", ""))
    return tag if tag.startswith('"') else str(answer.headers.get("Last-Modified", ""))


def _verify(path: Path, published: PublishedFile, pin: Path) -> None:
    """Check the file against the published size and its pin; write the pin if there is none."""
    size = path.stat().st_size
    _check_size(published, size)
    sha256 = _sum(path)
    if published.sha256 and sha256 != published.sha256:
        raise UserError(
            f"{published.name}: is not the file that was published (its sha256 is {sha256}, not "
            f"{published.sha256}); remove it, or {published.instead}"
        )
    if published.sha256:
        return
    if not pin.exists():
        found = {"url": published.url, "bytes": size, "sha256": sha256}
        write_text(pin, json.dumps(found, indent=1) + "\n")
        return
    if _pinned(pin) != (size, sha256):
        raise UserError(
            f"{published.name}: is not the file that it was at first (sha256 {sha256}, "
            f"pinned in {pin}); remove the file, or the pin too if you trust the change"
        )


def _check_size(published: PublishedFile, size: int | None) -> None:
    if None not in (published.size, size) and size != published.size:
        raise UserError(
            f"{published.name}: has {size} bytes, not the {published.size} that were published; "
            f"remove it, or {published.instead}"
        )


def _pinned(pin: Path) -> tuple[int, str]:
    """Read a pin: the file's length in bytes, and its SHA-256."""
    try:
        told = JsonFields.read(pin)
        return told.whole("bytes"), told.text("sha256")
    except ValueError as error:
        raise UserError(f"{pin}: is no pin ({error}); remove it to pin the file anew") from error


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pin(path: Path) -> Path:
    return path.with_name(f"{path.name}.pin.json")


def _mark(part: Path) -> Path:
    return part.with_name(f"{part.name}.version")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _mark(part).unlink(missing_ok=True)


def _not_had(published: PublishedFile, why: str) -> UserError:
    return UserError(f"{published.url}: cannot be fetched ({why}); {published.instead}")


def _broken_off(published: PublishedFile, part: Path, why: str) -> UserError:
    have = part.stat().st_size if part.exists() else 0
    return UserError(
        f"{published.name}: broke off after {have} bytes ({why}); ask again, it goes on from there"
    )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Report errors of the disk as such, so that they do not look like errors of the network."""
    try:
        yield
    except OSError as error:
        raise explain_os_error(error, path) from error
