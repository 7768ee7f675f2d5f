"""A backup holds what an installation is, and is put back as it was, or not at all."""

import getpass
import io
import json
import os
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airut.adapters.audit import AuditLog, newest, verified
from airut.adapters.audit.chain import Head, entry_after, line
from airut.cli.main import execute
from airut.config.blob_settings import BlobSettings
from airut.config.load import load_config
from airut.config.restored import numbers_above
from airut.errors import BackupUnreadable
from airut.models.credentials.redaction import Redactor
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.operations.backup.items import elsewhere, items
from airut.operations.backup.reading import unpack
from airut.operations.backup.sealed import opened, seal
from airut.operations.backup.writing import copy_database

PASSPHRASE = "correct horse battery"
CONFIG = """\
config_version: 1  # kept as it is
repos:
  web:
    url: https://git.example.org/acme/web.git
    agent: {auth: {api_key: !env MODEL_KEY}}
    channels: {console: {}}
"""
LOGIN = AuditEvent(actor="ann", action=AuditAction.LOGIN, object="web")
FULL = entry_after(Head(), LOGIN, datetime(2026, 1, 1, tzinfo=UTC), "", Redactor())
NEWEST = entry_after(Head(seq=1, hash=FULL.hash), LOGIN, datetime(2026, 1, 2, tzinfo=UTC), "", Redactor())
CONTENT = {
    "blobs/ab/abcd": b"a text",
    "payloads/cd/cdef": b"a value",
    "archive/web/1.json": b"{}",
    "ca/root.pem": b"a certificate",
    "surrogate.key": b"k" * 32,
    "surrogate.fingerprint": b"f\n",
    "slack/web.json": b"{}",
    "audit-000000000001.jsonl": line(FULL),
    "audit.jsonl": line(NEWEST),
    "version": b"1\n",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a user with an installation."""
    for name in ("AIRUT_CONFIG", "MODEL_KEY", "XDG_CONFIG_HOME", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "ann"))
    monkeypatch.setenv("AIRUT_BACKUP_PASSPHRASE", PASSPHRASE)
    _write(tmp_path / "ann/.config/airut/airut.yaml", CONFIG.encode())
    _write(tmp_path / "ann/.config/airut/.env", b"MODEL_KEY=sk-ant-api03-secret\n")
    state = tmp_path / "ann/.local/state/airut"
    for name, content in CONTENT.items():
        _write(state / name, content)
    _write(state / "threads/web/mail/1/workspace/a", b"no part of it")
    with closing(sqlite3.connect(state / "temporal.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE history (event TEXT)")
        database.execute("INSERT INTO history VALUES ('started')")
        database.commit()
    os.utime(state / "blobs/ab/abcd", (1_000_000_000, 1_000_000_000))
    return tmp_path / "ann"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    def read() -> str:
        found = capsys.readouterr()
        return found.out + found.err

    return read


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)


def _state(home: Path) -> dict[str, bytes]:
    """Every file but the database."""
    state = home / ".local/state/airut"
    found = (path for path in state.rglob("*") if path.is_file() and path.name != "temporal.db")
    return {str(path.relative_to(state)): path.read_bytes() for path in found}


def test_into_another_home(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    file = tmp_path / "airut.tar"
    assert execute(["backup", str(file), "--with-env"]) == 0
    assert f"{file}: 13 files" in said()
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"sk-ant-api03-secret" not in file.read_bytes()
    monkeypatch.setenv("HOME", str(other := tmp_path / "bob"))
    assert execute(["restore", str(file)]) == 0
    assert "not restored: workspaces" in said()
    number = numbers_above(other / ".local/state/airut")
    found, log = _state(other), other / ".local/state/airut/audit.jsonl"
    assert found.pop("audit.jsonl").startswith(CONTENT["audit.jsonl"])
    assert json.loads(found.pop("audit.head"))["seq"] == 3
    assert found == {name: text for name, text in CONTENT.items() if name != "audit.jsonl"} | {
        "restored": f"{number}\n".encode()
    }
    assert verified(log).broken is None
    told = next(iter(newest(log)))
    assert (told.seq, told.actor, told.action, told.object) == (3, getpass.getuser(), "backup.restored", "airut.tar")
    assert told.detail.keys() == {"made", "by"}
    assert 470_000 < number < 10**9
    assert (other / ".config/airut/airut.yaml").read_text() == CONFIG
    assert (other / ".config/airut/.env").read_bytes() == b"MODEL_KEY=sk-ant-api03-secret\n"
    assert (other / ".local/state/airut/blobs/ab/abcd").stat().st_mtime == 1_000_000_000
    with closing(sqlite3.connect(other / ".local/state/airut/temporal.db")) as database:
        assert database.execute("SELECT * FROM history").fetchall() == [("started",)]
    assert load_config(other / ".config/airut/airut.yaml").repos["web"].slug == "acme/web"


def test_secrets_stay_by_reference(home: Path, tmp_path: Path, said: Callable[[], str]) -> None:
    file = tmp_path / "airut.tar"
    assert execute(["backup", str(file)]) == 0
    assert "not in it: the values of secrets (--with-env adds .env, encrypted)" in said()
    (folder := tmp_path / "unpacked").mkdir()
    assert "secrets.sealed" not in unpack(file, folder).members


def test_nothing_that_is_there_is_replaced_unasked(home: Path, tmp_path: Path, said: Callable[[], str]) -> None:
    file = tmp_path / "airut.tar"
    assert execute(["backup", str(file)]) == 0
    state = home / ".local/state/airut"
    (state / "surrogate.key").write_bytes(b"x" * 32)
    AuditLog(state / "audit.jsonl").append(LOGIN)
    said()
    assert execute(["restore", str(file)]) == 6
    assert said() == (
        f"{home / '.config/airut/airut.yaml'} is there already; nothing was changed; --force moves it and others aside\n"
    )
    assert (state / "surrogate.key").read_bytes() == b"x" * 32
    assert execute(["restore", str(file), "--force"]) == 0
    (aside,) = (state / "before-restore").iterdir()
    assert f"what was there before is in {aside}\n" in said()
    assert ((state / "surrogate.key").read_bytes(), (aside / "surrogate.key").read_bytes()) == (b"k" * 32, b"x" * 32)
    assert verified(state / "audit.jsonl").broken is None
    assert [entry.action for entry in newest(state / "audit.jsonl")] == ["backup.restored", *["login.succeeded"] * 2]
    assert (state / "threads/web/mail/1/workspace/a").exists()  # what runs goes on there


def test_not_while_it_runs(home: Path, tmp_path: Path, said: Callable[[], str]) -> None:
    from airut.config.running import take

    file = tmp_path / "airut.tar"
    assert execute(["backup", str(file)]) == 0
    said()
    descriptor = take(home / ".local/state/airut")
    assert execute(["restore", str(file), "--force"]) == 6
    assert f"(process {os.getpid()}); `airut down` stops it" in said()
    os.close(descriptor)


def test_a_place_that_cannot_be_written_to(home: Path, tmp_path: Path, said: Callable[[], str]) -> None:
    assert execute(["backup", str(tmp_path / "no" / "where.tar")]) == 1
    assert "nothing was written" in said()
    assert execute(["restore", str(tmp_path / "none.tar")]) == 5


def _changed(file: Path, change: Callable[[str, bytes], Iterator[tuple[str, bytes]]]) -> None:
    """Write the archive anew, each member as `change` gives it."""
    with tarfile.open(file) as archive:
        members = [(member.name, (archive.extractfile(member) or io.BytesIO()).read()) for member in archive]
    with tarfile.open(file, "w") as archive:
        for name, content in (each for member in members for each in change(*member)):
            (information := tarfile.TarInfo(name)).size = len(content)
            archive.addfile(information, io.BytesIO(content))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda name, content: iter([(name, b"z" + content[1:])]) if name == "surrogate.key" else iter([(name, content)]),
         "surrogate.key is missing, or not as it was written"),
        (lambda name, content: iter(()) if name == "surrogate.key" else iter([(name, content)]),
         "surrogate.key is missing, or not as it was written"),
        (lambda name, content: iter([("blobs/new", b""), (name, content)] if name == "version" else [(name, content)]),
         "blobs/new does not belong to it"),
        (lambda name, content: iter([("../x", b""), (name, content)] if name == "version" else [(name, content)]),
         "'../x' cannot stand in a backup"),
        (lambda name, content: iter(()) if name == "manifest.json" else iter([(name, content)]),
         "no backup of Airut, or only a part of one"),
        (lambda name, content: iter([(name, content.replace(b'"version": 1', b'"version": 2'))]),
         "of a form that this version does not know; update Airut first"),
    ],
)  # fmt: skip
def test_what_was_changed_is_refused(
    home: Path, tmp_path: Path, change: Callable[[str, bytes], Iterator[tuple[str, bytes]]], words: str
) -> None:
    file, before = tmp_path / "airut.tar", _state(home)
    assert execute(["backup", str(file)]) == 0
    _changed(file, change)
    (folder := tmp_path / "unpacked").mkdir()
    with pytest.raises(BackupUnreadable) as raised:
        unpack(file, folder)
    assert words in str(raised.value)
    assert execute(["restore", str(file), "--force"]) == 1
    assert _state(home) == before


def test_half_a_backup(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "airut.tar"
    assert execute(["backup", str(file)]) == 0
    file.write_bytes(file.read_bytes()[:4000])
    (folder := tmp_path / "unpacked").mkdir()
    with pytest.raises(BackupUnreadable, match=r"not a whole backup|no backup of Airut, or only a part of one"):
        unpack(file, folder)


def test_another_passphrase(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    file = tmp_path / "airut.tar"
    assert execute(["backup", str(file), "--with-env"]) == 0
    monkeypatch.setenv("AIRUT_BACKUP_PASSPHRASE", "another")
    assert execute(["restore", str(file), "--force"]) == 1
    assert "the passphrase is another one, or the backup was changed" in said()
    assert execute(["backup", str(file), "--with-env"]) == 6
    assert "a passphrase has 8 characters at least; nothing was written" in said()
    sealed = seal(b"x", PASSPHRASE)
    assert (opened(sealed, PASSPHRASE), sealed == seal(b"x", PASSPHRASE)) == (b"x", False)


def test_a_database_is_copied_while_it_is_written_to(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "live.db", check_same_thread=False)) as live:
        live.execute("PRAGMA journal_mode=WAL")
        live.execute("CREATE TABLE pairs (a INTEGER, b INTEGER)")
        live.commit()
        ended = threading.Event()

        def write() -> None:
            number = 0
            while not ended.is_set():
                number += 1
                live.execute("INSERT INTO pairs VALUES (?, ?)", (number, number))
                live.execute("INSERT INTO pairs VALUES (?, ?)", (-number, -number))
                live.commit()

        writer = threading.Thread(target=write)
        writer.start()
        for attempt in range(5):
            copy_database(tmp_path / "live.db", tmp_path / f"copy{attempt}.db")
        ended.set()
        writer.join()
    for attempt in range(5):
        with closing(sqlite3.connect(tmp_path / f"copy{attempt}.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert copy.execute("SELECT sum(a) FROM pairs").fetchone() in ((0,), (None,))  # no half transaction


def test_what_a_configuration_leads_to(home: Path) -> None:
    path = home / ".config/airut/airut.yaml"
    config = load_config(path)
    assert {item.name for item in items(config, path)} >= {"airut.yaml", "temporal.db", "blobs", "ca", "surrogate.key"}
    external = config.model_copy(update={"temporal": config.temporal.model_copy(update={"mode": "external"})})
    assert "temporal.db" not in {item.name for item in items(external, path)}
    assert elsewhere(external)[1:] == ("the external Temporal's database",)
    blobs = BlobSettings(kind="s3", bucket="acme-airut")
    stored = config.model_copy(update={"blobs": blobs})
    assert not {"blobs", "payloads", "archive"} & {item.name for item in items(stored, path)}
    assert elsewhere(stored)[1:] == ("bucket acme-airut: blobs, large values and archives of ended threads",)
