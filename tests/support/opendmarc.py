"""OpenDKIM and OpenDMARC as a mail server runs them: two filters, one behind the other, on a name server of the
test's own."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.milter import Filtered, Milter

AUTHSERV_ID = "mx.test"
_PUBLIC_SUFFIXES = "/usr/share/publicsuffix/public_suffix_list.dat"  # OpenDMARC's package depends on it
_OPENDKIM = """\
Mode v
Socket local:{folder}/dkim
AuthservID {authserv_id}
Background no
Syslog no
TestDNSData file:{folder}/keys
"""
# What it finds out by SPF is left out: mode `verify` goes by signatures alone.
_OPENDMARC = """\
Socket local:{folder}/dmarc
AuthservID {authserv_id}
TrustedAuthservIDs {authserv_id}
Background no
Syslog no
SPFIgnoreResults true
SPFSelfValidate false
PublicSuffixList {public_suffixes}
TestDNSData {folder}/policies
"""


class Judged(NamedTuple):
    """The message as the two leave it, and what each wrote on top of it."""

    raw: bytes
    dkim: tuple[str, ...]
    dmarc: tuple[str, ...]


class Judges:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def judge(self, raw: bytes, sender: bytes = b"bounces@example.net") -> Judged:
        dkim = self._filtered("dkim", raw, sender)
        dmarc = self._filtered("dmarc", dkim.raw, sender)
        return Judged(dmarc.raw, dkim.written, dmarc.written)

    def _filtered(self, name: str, raw: bytes, sender: bytes) -> Filtered:
        filtered = Milter(self._folder / name).filter(raw, sender)
        assert filtered.action == "accept", f"{name}: {filtered.action}"
        return filtered


@contextmanager
def running_judges(zone: Mapping[str, tuple[bytes, ...]]) -> Iterator[Judges]:
    """Both programs, asking `zone` for TXT records and nobody else."""
    programs = {name: shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("opendkim", "opendmarc")}
    if missing := [name for name, path in programs.items() if not path]:
        pytest.skip(f"{' and '.join(missing)} not installed (scripts/setup installs them)")
    with tempfile.TemporaryDirectory(prefix="airut-judges-") as name:  # short: a socket's path has 108 bytes at most
        folder = Path(name)
        lines = b"".join(b"%s %s\n" % (key.encode(), text) for key, texts in zone.items() for text in texts)
        (folder / "keys").write_bytes(lines)
        (folder / "policies").write_bytes(lines)
        values = {"folder": folder, "authserv_id": AUTHSERV_ID, "public_suffixes": _PUBLIC_SUFFIXES}
        (folder / "opendkim.conf").write_text(_OPENDKIM.format(**values))
        (folder / "opendmarc.conf").write_text(_OPENDMARC.format(**values))
        running = [
            subprocess.Popen([str(programs["opendkim"]), "-f", "-x", str(folder / "opendkim.conf")]),
            subprocess.Popen([str(programs["opendmarc"]), "-f", "-c", str(folder / "opendmarc.conf")]),
        ]
        try:
            _wait_for(folder / "dkim", folder / "dmarc")
            yield Judges(folder)
        finally:
            for program in running:
                program.terminate()
            for program in running:
                program.wait(10)


def _wait_for(*sockets: Path) -> None:
    """Until each is listened to; both start within a tenth of a second."""
    deadline = time.monotonic() + 20
    for path in sockets:
        while True:
            try:
                Milter(path).close()
                break
            except OSError:
                assert time.monotonic() < deadline, f"nobody listens at {path.name}"
                time.sleep(0.02)
