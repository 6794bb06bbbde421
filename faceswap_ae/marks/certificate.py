"""With which certificate are outputs signed: the user's own, or one made here?

Without a certificate of the user's own, one is made at first use and kept in the configuration
folder. It proves only that nobody changed a file after it was signed, and not who signed it: it
names nobody, and no list of trusted signers has it.

There is no timestamp authority, because nothing goes to the network. So a signature counts only as
long as its certificate: the one made here is good for ten years.

The rules for a certificate are C2PA's (https://spec.c2pa.org, section 14.5).
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap_ae.common.atomic import part_name, remove_part
from faceswap_ae.common.cache_dir import config_dir
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.limits import read_whole

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

log = logging.getLogger(__name__)

KEPT = "signing.pem"  # the key and its chain in one file: two could be of two processes
GOOD_FOR = timedelta(days=3652)  # ten years
EARLY = timedelta(days=1)  # a reader's clock may be behind ours
OWNER = "faceswap_ae"
LEAF, ROOT = "faceswap_ae self-made certificate", "faceswap_ae self-made root"
KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
EXTRA = "pip install c2pa-python cryptography"


@dataclass(frozen=True)
class Certificate:
    """What signs: a chain of certificates as PEM, the leaf first, and the leaf's key as PKCS8."""

    chain: bytes
    key: bytes
    own: bool  # the user's, not the one made here


def read_certificate(chain: Path, key: Path | None = None) -> Certificate:
    """Read the user's own certificate; its key may be in the same file. Raises UserError."""
    _check_installed()
    key = chain if key is None else key
    certificates, private = _read(chain), _read(key)
    try:
        return _checked(certificates, private, own=True)
    except _WrongKey as error:
        raise UserError(f"{key}: {error}") from error
    except ValueError as error:
        raise UserError(f"{chain}: {error}") from error


def local_certificate() -> Certificate:
    """Return the certificate of this user on this machine; it is made at first use."""
    _check_installed()
    path = config_dir() / KEPT
    try:
        if (kept := _kept(path)) is not None:
            return kept
        return _keep(path, make_certificate())
    except OSError as error:
        why = error.strerror or error
        log.warning("%s: cannot be used (%s); this signing key is used only once", path, why)
        return make_certificate()


def make_certificate() -> Certificate:
    """Make a certificate that names nobody, signed by a root whose key is then thrown away."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    encoding = serialization.Encoding.PEM
    chain = b"".join(
        _unsigned(name, key, root_key).sign(root_key, hashes.SHA256()).public_bytes(encoding)
        for name, key in ((LEAF, leaf_key), (ROOT, root_key))
    )
    return Certificate(chain, _pkcs8(leaf_key), own=False)


def signing_algorithm(key: bytes) -> str:
    """Return C2PA's name of the algorithm for a key. Raises ValueError if there is none."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    private = _load_key(key)
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in CURVES:
        return CURVES[private.curve.name]
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return "ps256"
    raise _WrongKey("is of a kind that C2PA does not know; use P-256, P-384, Ed25519 or RSA")


class _WrongKey(ValueError):
    """The key is wrong, not the certificate."""


def _read(path: Path) -> bytes:
    try:
        return read_whole(path)
    except OSError as error:
        why = error.strerror or error
        raise UserError(f"{path}: cannot be read ({why}); name a PEM file") from error


def _check_installed() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise UserError(f"signing needs cryptography, which is not installed; {EXTRA}") from error


def _checked(chain: bytes, key: bytes, *, own: bool) -> Certificate:
    """Return what of the files is the certificate. Raises ValueError if it cannot sign now."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        certificates = x509.load_pem_x509_certificates(chain)
        public = certificates[0].public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("holds no certificate as PEM; convert it with openssl x509") from error
    private = _load_key(key)
    signing_algorithm(key)
    if private.public_key() != public:
        raise _WrongKey("does not fit the certificate; name the key that it was made with")
    _check_dates(certificates[0])
    plain = b"".join(one.public_bytes(Encoding.PEM) for one in certificates)
    return Certificate(plain, _pkcs8(private), own)


def _check_dates(leaf: x509.Certificate) -> None:
    now = datetime.now(UTC)
    if now > leaf.not_valid_after_utc:
        ended = f"{leaf.not_valid_after_utc:%Y-%m-%d}"
        raise ValueError(f"expired on {ended}; renew it, or sign without your own certificate")
    if now < leaf.not_valid_before_utc:
        begins = f"{leaf.not_valid_before_utc:%Y-%m-%d}"
        raise ValueError(f"is valid only from {begins}; is this machine's clock right?")


def _load_key(key: bytes) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found = KEY.search(key)
    try:
        return load_pem_private_key(found[0] if found else key, password=None)
    except TypeError as error:
        raise _WrongKey("has a password; take it off with openssl pkcs8 -topk8 -nocrypt") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _WrongKey("holds no private key as PEM; convert it with openssl pkcs8") from error


def _pkcs8(key: PrivateKeyTypes) -> bytes:
    from cryptography.hazmat.primitives import serialization as forms

    return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())


def _unsigned(
    name: str, key: EllipticCurvePrivateKey, root_key: EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """Return a certificate that the root has still to sign; the root's own, if the keys are one."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    is_root, now = key is root_key, datetime.now(UTC)
    root = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    built = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(ROOT))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now + GOOD_FOR)
        .add_extension(x509.BasicConstraints(is_root, 0 if is_root else None), critical=True)
        .add_extension(_usage(is_root=is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(root, critical=False)
    )
    if is_root:
        return built
    # C2PA readers take a signing certificate only if it has one of the purposes on their list.
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    return built.add_extension(purpose, critical=False)


def _name(name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    facts = ((NameOID.COMMON_NAME, name), (NameOID.ORGANIZATION_NAME, OWNER))
    return x509.Name([x509.NameAttribute(kind, fact) for kind, fact in facts])


def _usage(*, is_root: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )


def _kept(path: Path) -> Certificate | None:
    """Return the certificate that was made before. One that cannot sign any more is removed."""
    try:
        both = read_whole(path)
        return _checked(both, both, own=False)
    except FileNotFoundError:
        return None
    except ValueError as error:
        log.warning("%s: %s. A new certificate takes its place", path, str(error).partition(";")[0])
        path.unlink(missing_ok=True)
        return None


def _keep(path: Path, made: Certificate) -> Certificate:
    """Write a certificate and return it; another process's, if that one was quicker."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(part_name(path))
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(part, flags, 0o600), "wb") as file:  # nobody else ever reads the key
            file.write(made.key + made.chain)
            file.flush()
            os.fsync(file.fileno())
        _give_name(part, path)
    finally:
        remove_part(part)
    return _kept(path) or made


def _give_name(part: Path, path: Path) -> None:
    # A link never takes another file's place, as a rename does.
    try:
        os.link(part, path)
    except FileExistsError:
        return
    except OSError:  # this file system has no links
        part.replace(path)
