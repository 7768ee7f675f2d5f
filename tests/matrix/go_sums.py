"""A checksum database for one Go module, with a key of our own (golang.org/design/25530-sumdb)."""

import base64
import hashlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NAME = "sum.golang.org"
_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a stand-in's key").digest())
_PUBLIC = b"\x01" + _KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)  # 1: Ed25519
_KEY_HASH = hashlib.sha256(NAME.encode() + b"\n" + _PUBLIC).digest()[:4]


def go_sumdb() -> str:
    """The value of `GOSUMDB` with which `go` believes it."""
    return f"{NAME}+{_KEY_HASH.hex()}+{base64.b64encode(_PUBLIC).decode()}"


def sum_database(module: str, version: str, mod: str, files: Mapping[str, str]) -> dict[str, bytes]:
    """Its answers by path: a log of one record."""
    record = f"{module} {version} {_dirhash(files)}\n{module} {version}/go.mod {_dirhash({'go.mod': mod})}\n"
    leaf = hashlib.sha256(b"\0" + record.encode()).digest()  # RFC 6962 §2.1; of one leaf it is the root as well
    tree = f"go.sum database tree\n1\n{base64.b64encode(leaf).decode()}\n"
    signature = base64.b64encode(_KEY_HASH + _KEY.sign(tree.encode())).decode()
    note = f"{tree}\n— {NAME} {signature}\n"
    return {
        f"/lookup/{module}@{version}": f"0\n{record}\n{note}".encode(),
        "/latest": note.encode(),
        "/tile/8/0/000.p/1": leaf,
        "/tile/8/data/000.p/1": record.encode(),
    }


def _dirhash(files: Mapping[str, str]) -> str:
    lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n" for path, text in sorted(files.items())]
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()
