"""A pack that proves itself: manifest, signature, and how anybody finds what was changed. No database needed."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib
from collections import Counter
from datetime import datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
KEY: Final = "public-key.pem"


class Listed(msgspec.Struct, frozen=True):
    """A file of the pack."""

    name: str
    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True):
    """What a pack holds, and what the ledger was when it was made."""

    platform: str
    made_at: datetime
    made_by: str
    ledger_head: int
    ledger_digest: str
    files: tuple[Listed, ...]


def key_from(secret: str) -> Ed25519PrivateKey:
    """Return the signing key that belongs to a secret of the installation."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"hakam evidence:{secret}".encode()).digest())


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public half as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def seal(files: dict[str, bytes], manifest: bytes, *, key: Ed25519PrivateKey, now: datetime) -> bytes:
    """Return the ZIP of some files with their manifest, signed."""
    whole = files | {
        MANIFEST: manifest,
        SIGNATURE: base64.b64encode(key.sign(manifest)) + b"\n",
        KEY: public_pem(key),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(whole.items()):
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def check(data: bytes, *, public_key: bytes = b"") -> list[str]:
    """Return everything that is wrong with a pack; nothing, if it is as it was made.

    `public_key` is the PEM as the platform publishes it; without one the key inside is used, which proves only that
    nothing was changed since, not who made it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]  # folders hold nothing to prove
            files = {one.filename: archive.read(one) for one in entries}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
        return ["this is no ZIP file that can be read"]
    names = Counter(one.filename for one in entries)
    if twice := sorted(name for name, times in names.items() if times > 1):
        return [
            f"{name} is in it more than once" for name in twice
        ]  # others may open another one than was checked
    if lacking := sorted({MANIFEST, SIGNATURE, KEY} - set(files)):
        return [f"{name} is missing" for name in lacking]
    wrong = []
    try:
        key = load_pem_public_key(public_key or files[KEY])
        if not isinstance(key, Ed25519PublicKey):
            return ["the key is no Ed25519 key"]
        key.verify(base64.b64decode(files[SIGNATURE]), files[MANIFEST])
    except (InvalidSignature, ValueError):
        wrong.append("the signature does not fit the manifest")
    try:
        manifest = msgspec.json.decode(files[MANIFEST], type=Manifest)
    except msgspec.MsgspecError:
        return [*wrong, "the manifest can't be read"]
    listed = {one.name: one for one in manifest.files}
    for name, one in listed.items():
        if name not in files:
            wrong.append(f"{name} is missing")
        elif hashlib.sha256(files[name]).hexdigest() != one.sha256:
            wrong.append(f"{name} was changed")
    extra = sorted(set(files) - set(listed) - {MANIFEST, SIGNATURE, KEY})
    return wrong + [f"{name} is not in the manifest" for name in extra]
