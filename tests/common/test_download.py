"""Is a download verified, resumed and retried, against a test server of our own?"""

import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from faceswap_ae.common.download import PIECE, PublishedFile, fetch, find_downloaded
from faceswap_ae.common.errors import UserError

CONTENT = bytes(range(256)) * (3 * PIECE // 256) + b"end"


@dataclass
class Served:
    """The test server's content and behaviour, and the requests that it received."""

    content: bytes = CONTENT
    tag: str = '"first"'
    ranges: bool = True
    cut: int | None = None  # the server closes the connection after this many bytes
    refuses: int = 0  # the HTTP status of its refusal
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def served() -> Iterator[Served]:
    what = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            what.asked.append(wanted)
            same = self.headers.get("If-Range") == what.tag
            begin = int(wanted[len("bytes=") : -1]) if wanted and what.ranges and same else 0
            body = what.content[begin:]
            self.send_response(what.refuses or (206 if begin else 200))
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", what.tag)
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(body[: what.cut])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    what.url = f"http://127.0.0.1:{server.server_port}/net.h5"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield what
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_comes_once_with_progress_and_notice(
    served: Served, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[tuple[int, int | None]] = []
    published = PublishedFile(served.url, len(CONTENT), notice="under somebody's terms")
    folder = tmp_path / "deep" / "weights"
    with caplog.at_level(logging.INFO):
        path = fetch(published, folder, lambda done, total: told.append((done, total)))
    assert path == folder / "net.h5" and path.read_bytes() == CONTENT
    assert caplog.messages == ["net.h5: under somebody's terms"]
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert len(told) > 2 and told == sorted(told)
    assert sorted(one.name for one in folder.iterdir()) == ["net.h5", "net.h5.pin.json"]
    pin = json.loads((folder / "net.h5.pin.json").read_text())
    assert pin["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert fetch(published, folder) == find_downloaded(published, folder) == path
    assert len(served.asked) == 1


def test_what_broke_off_goes_on(served: Served, tmp_path: Path) -> None:
    published = PublishedFile(served.url, len(CONTENT))
    served.cut = PIECE + 1000
    with pytest.raises(UserError, match=rf"net\.h5: broke off after {PIECE + 1000} bytes"):
        fetch(published, tmp_path)
    assert find_downloaded(published, tmp_path) is None
    served.cut = None
    told: list[int] = []
    path = fetch(published, tmp_path, lambda done, _: told.append(done))
    assert served.asked == [None, f"bytes={PIECE + 1000}-"]
    assert min(told) > PIECE + 1000
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("why", ["no ranges", "another version"])
def test_what_cannot_go_on_begins_anew(served: Served, tmp_path: Path, why: str) -> None:
    served.cut = 5000
    with pytest.raises(UserError, match="broke off"):
        fetch(PublishedFile(served.url), tmp_path)
    served.cut = None
    if why == "no ranges":
        served.ranges = False
    else:
        served.tag, served.content = '"second"', CONTENT[::-1]
    assert fetch(PublishedFile(served.url), tmp_path).read_bytes() == served.content


def test_a_part_that_was_whole_needs_no_server(tmp_path: Path) -> None:
    (tmp_path / ".net.h5.fetching").write_bytes(CONTENT)
    path = fetch(PublishedFile("http://127.0.0.1:9/net.h5", len(CONTENT)), tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_wrong_size_is_refused_before_it_is_read(served: Served, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"has {len(CONTENT)} bytes, not the 77"):
        fetch(PublishedFile(served.url, 77), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_file_than_at_first_is_refused(served: Served, tmp_path: Path) -> None:
    published = PublishedFile(served.url, len(CONTENT))
    path = fetch(published, tmp_path)
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(UserError, match="not the file that it was at first"):
        fetch(published, tmp_path)
    path.unlink()
    served.content = CONTENT[::-1]
    with pytest.raises(UserError, match="not the file that it was at first"):
        fetch(published, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["net.h5.pin.json"]
    (tmp_path / "net.h5.pin.json").write_text("[]")
    with pytest.raises(UserError, match="is no pin"):
        fetch(published, tmp_path)


def test_a_file_whose_checksum_is_published_has_to_have_it(served: Served, tmp_path: Path) -> None:
    right = PublishedFile(served.url, sha256=hashlib.sha256(CONTENT).hexdigest())
    path = fetch(right, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["net.h5"]  # nothing is pinned by itself
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(UserError, match=r"not the file that was published \(its sha256 is"):
        fetch(right, tmp_path)
    path.unlink()
    served.content = CONTENT[::-1]
    with pytest.raises(UserError, match="not the file that was published"):
        fetch(right, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pin", ["[]", "{", '{"bytes": "x"}', "[" * 10**5, '{"bytes": 1e999}'])
def test_what_is_no_pin_is_named(served: Served, tmp_path: Path, pin: str) -> None:
    published = PublishedFile(served.url)
    fetch(published, tmp_path)
    (tmp_path / "net.h5.pin.json").write_text(pin)
    with pytest.raises(UserError, match=r"net\.h5\.pin\.json: is no pin"):
        fetch(published, tmp_path)


def test_offline_says_what_to_do(tmp_path: Path) -> None:
    nobody = PublishedFile("http://127.0.0.1:9/net.h5", instead="give --vggface PATH")
    with pytest.raises(UserError, match=r"net\.h5: cannot be fetched \(.*\); give --vggface PATH"):
        fetch(nobody, tmp_path)


def test_a_server_that_refuses(served: Served, tmp_path: Path) -> None:
    served.refuses = 404
    with pytest.raises(UserError, match=r"cannot be fetched \(the server says 404 Not Found\)"):
        fetch(PublishedFile(served.url), tmp_path)


def test_a_part_longer_than_the_file_is_forgotten(served: Served, tmp_path: Path) -> None:
    (tmp_path / ".net.h5.fetching").write_bytes(CONTENT + b"more")
    (tmp_path / ".net.h5.fetching.version").write_text(served.tag)
    served.refuses = 416
    with pytest.raises(UserError, match="416"):
        fetch(PublishedFile(served.url), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be(served: Served, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("where a folder is wanted")
    with pytest.raises(UserError, match="cannot be written"):
        fetch(PublishedFile(served.url), tmp_path / "file")
