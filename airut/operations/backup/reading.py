"""Reads a backup and checks every byte of it, before anything is put into its place."""

import hashlib
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from airut.errors import BackupUnreadable
from airut.operations.backup.items import Kind
from airut.operations.backup.manifest import MEMBER, SECRETS, Manifest
from airut.operations.backup.sealed import opened

CHUNK = 1 << 20


def unpack(backup: Path, folder: Path) -> Manifest:
    """Its members into an empty folder, each compared with the manifest.

    Raises:
        BackupUnreadable: it is no backup, of a newer version, or not as it was written; says which part.
        OSError
    """
    found: dict[str, tuple[int, str]] = {}
    try:
        with tarfile.open(backup, mode="r:") as archive:
            for member in archive:
                found[member.name] = _take(archive, member, folder)
    except tarfile.TarError as error:
        raise BackupUnreadable(f"{backup}: not a whole backup ({error})") from error
    manifest = _manifest(backup, folder)
    found.pop(MEMBER, None)
    for name, wanted in manifest.members.items():
        if found.pop(name, None) != (wanted.size, wanted.sha256):
            raise BackupUnreadable(f"{backup}: {name} is missing, or not as it was written")
    if found:
        raise BackupUnreadable(f"{backup}: {min(found)} does not belong to it")
    return manifest


def secrets(folder: Path, passphrase: str) -> Mapping[str, bytes]:
    """Of an unpacked backup, by the names of their files. Raises: BackupUnreadable"""
    texts = json.loads(opened((folder / SECRETS).read_bytes(), passphrase))
    return {name: str(text).encode() for name, text in texts.items()}


def target(manifest: Manifest, name: str) -> Path:
    """Where a member belongs."""
    item, _, rest = name.partition("/")
    place = manifest.items[item]
    path = place.expanded()
    match place.kind:
        case Kind.FILES:
            return path.with_name(rest)
        case Kind.FOLDER:
            return path / rest
        case Kind.FILE | Kind.DATABASE:
            return path


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> tuple[int, str]:
    """Size and digest of what was written."""
    parts = PurePosixPath(member.name).parts
    file = archive.extractfile(member) if member.isreg() else None
    if file is None or member.name.startswith("/") or ".." in parts or not parts:
        raise BackupUnreadable(f"{member.name!r} cannot stand in a backup")
    path = folder / member.name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as written:
        while data := file.read(CHUNK):
            digest.update(data)
            written.write(data)
    os.utime(path, (member.mtime, member.mtime))  # by which blobs are swept
    path.chmod(member.mode & 0o700)
    return member.size, digest.hexdigest()


def _manifest(backup: Path, folder: Path) -> Manifest:
    try:
        text = (folder / MEMBER).read_bytes()
    except FileNotFoundError:
        raise BackupUnreadable(f"{backup}: no backup of Airut, or only a part of one") from None
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError:
        raise BackupUnreadable(f"{backup}: of a form that this version does not know; update Airut first") from None
    for name in manifest.members:
        if name != SECRETS and name.partition("/")[0] not in manifest.items:
            raise BackupUnreadable(f"{backup}: {name} belongs nowhere")
    return manifest
