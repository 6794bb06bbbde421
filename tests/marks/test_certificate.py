import logging
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from faceswap_ae.common.atomic import is_part
from faceswap_ae.common.cache_dir import config_dir
from faceswap_ae.common.errors import UserError
from faceswap_ae.marks.certificate import (
    KEPT,
    local_certificate,
    make_certificate,
    read_certificate,
    signing_algorithm,
)

PEM, NO_PASSWORD = serialization.Encoding.PEM, serialization.NoEncryption()
PKCS8 = serialization.PrivateFormat.PKCS8
Key = ec.EllipticCurvePrivateKey
NOW, OLD = datetime.now(UTC), datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the local certificate is."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "faceswap_ae" / KEPT


def made(key: Key, begin: datetime = NOW - timedelta(2), end: datetime | None = None) -> bytes:
    """A certificate as PEM, signed by its own key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ada")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    built = built.public_key(key.public_key()).serial_number(x509.random_serial_number())
    built = built.not_valid_before(begin).not_valid_after(end or NOW + timedelta(9))
    return built.sign(key, hashes.SHA256()).public_bytes(PEM)


def as_pem(key: Key, password: bytes | None = None) -> bytes:
    hidden = serialization.BestAvailableEncryption(password) if password else NO_PASSWORD
    return key.private_bytes(PEM, PKCS8, hidden)


def test_the_folder_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_dir() == tmp_path / "faceswap_ae"
    monkeypatch.setenv("XDG_CONFIG_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    assert config_dir() == tmp_path / "ada" / ".config" / "faceswap_ae"


def test_a_local_certificate_is_made_once_and_for_its_user_only(place: Path) -> None:
    first = local_certificate()
    assert not first.own
    assert local_certificate() == first
    assert [path.name for path in place.parent.iterdir()] == [KEPT]
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_it_keeps_the_rules_and_names_nobody() -> None:
    leaf, root = x509.load_pem_x509_certificates(make_certificate().chain)
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature and not usage.value.key_cert_sign
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    assert leaf.not_valid_after_utc > NOW + timedelta(3650)
    words = [str(one.value) for name in (leaf.subject, root.subject) for one in name]
    assert all(word.startswith("faceswap_ae") for word in words)


def test_each_that_is_made_has_its_own_keys() -> None:
    assert make_certificate().key != make_certificate().key


@pytest.mark.parametrize("content", [b"", b"words", b"\0" * 5000])
def test_a_damaged_one_is_made_again(
    place: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    first = local_certificate()
    place.write_bytes(content)
    again = local_certificate()
    assert again != first and local_certificate() == again
    (line,) = caplog.messages
    assert str(place) in line and line.endswith("A new certificate takes its place")


def test_an_expired_one_is_made_again(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    place.parent.mkdir()
    place.write_bytes(as_pem(key) + made(key, end=datetime(2026, 3, 1, tzinfo=UTC), begin=OLD))
    assert local_certificate() == local_certificate() and len(caplog.messages) == 1
    assert "expired on 2026-03-01" in caplog.messages[0]


def test_where_nothing_can_be_kept_one_is_made_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        assert local_certificate() != local_certificate()
    assert "this signing key is used only once" in caplog.messages[0]


def test_processes_that_start_at_once_agree(place: Path) -> None:
    code = """
import sys
from faceswap_ae.marks.certificate import local_certificate
print("ready", flush=True)
sys.stdin.readline()
sys.stdout.write(local_certificate().key.decode())
"""
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) for _ in range(4)
    ]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    found = {child.communicate()[0] for child in children}
    assert found == {local_certificate().key}
    assert [path.name for path in place.parent.iterdir()] == [KEPT]


KILLED = """
import os, signal, sys
from faceswap_ae.marks.certificate import local_certificate

def die(event, arguments):
    if event == sys.argv[1] and "signing" in str(arguments[0]) and "part" in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
local_certificate()
"""


@pytest.mark.parametrize("event", ["os.link", "os.remove"])
def test_a_kill_leaves_no_half_key(place: Path, event: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, event], check=False)
    assert killed.returncode < 0
    names = [path.name for path in place.parent.iterdir()]
    assert any(is_part(place.parent / name) for name in names)
    assert (KEPT in names) == (event == "os.remove")
    for left in place.parent.iterdir():
        assert stat.S_IMODE(left.stat().st_mode) == 0o600
    assert local_certificate() == local_certificate()


@pytest.mark.parametrize("together", [True, False])
def test_the_users_own(tmp_path: Path, *, together: bool) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    chain, secret = tmp_path / "chain.pem", tmp_path / "key.pem"
    old_form = key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, NO_PASSWORD)
    chain.write_bytes(b"ada's own\n" + made(key) + (old_form if together else b""))
    secret.write_bytes(old_form)
    own = read_certificate(chain) if together else read_certificate(chain, secret)
    assert own.own and own.key == as_pem(key)
    assert own.chain.startswith(b"-----BEGIN CERT") and b"PRIVATE" not in own.chain
    assert signing_algorithm(own.key) == "es384"


def test_the_kinds_of_keys() -> None:
    keys: dict[str, PrivateKeyTypes] = {
        "ps256": rsa.generate_private_key(65537, 2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
        "es512": ec.generate_private_key(ec.SECP521R1()),
    }
    for name, key in keys.items():
        assert signing_algorithm(key.private_bytes(PEM, PKCS8, NO_PASSWORD)) == name
    unfit = dsa.generate_private_key(1024).private_bytes(PEM, PKCS8, NO_PASSWORD)
    with pytest.raises(ValueError, match="P-256"):
        signing_algorithm(unfit)


WRONG = {
    "chain missing": r"chain.pem: cannot be read \(No such file.*\); name a PEM file",
    "key missing": r"key.pem: cannot be read \(No such file.*\); name a PEM file",
    "chain of words": "chain.pem: holds no certificate as PEM; convert",
    "key of words": "key.pem: holds no private key as PEM; convert",
    "another key": "key.pem: does not fit the certificate; name",
    "password": "key.pem: has a password; take it off",
    "expired": "chain.pem: expired on 2026-03-01; renew it",
    "too early": "chain.pem: is valid only from 2090-01-01; is this machine's clock right",
}


@pytest.mark.parametrize("what", WRONG)
def test_one_that_cannot_sign_is_one_clear_error(tmp_path: Path, what: str) -> None:
    chain, secret = tmp_path / "chain.pem", tmp_path / "key.pem"
    _write_wrong(what, chain, secret)
    with pytest.raises(UserError, match=WRONG[what]) as caught:
        read_certificate(chain, secret)
    assert "\n" not in str(caught.value)


def _write_wrong(what: str, chain: Path, secret: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    ends = {"expired": (OLD, datetime(2026, 3, 1, tzinfo=UTC))}
    ends["too early"] = datetime(2090, 1, 1, tzinfo=UTC), datetime(2091, 1, 1, tzinfo=UTC)
    chain.write_bytes(made(key, *ends.get(what, ())))
    secret.write_bytes(as_pem(key, b"secret" if what == "password" else None))
    if what == "another key":
        secret.write_bytes(as_pem(ec.generate_private_key(ec.SECP256R1())))
    for path, name in ((chain, "chain"), (secret, "key")):
        if what == f"{name} missing":
            path.unlink()
        elif what == f"{name} of words":
            path.write_bytes(b"words")
