"""The demo's mail server as a fixture: real Dovecot and Exim on loopback."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from airut.demo.mailserver import MailServer
from airut.models.mail.settings import EmailChannel

PASSWORD = 'p"a\\s:ß w{5}'
"""With everything that quoting can get wrong."""


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    with running_mail_server() as server:
        yield server


def running_mail_server(certificate_host: str = "127.0.0.1") -> "_Running":
    return _Running(certificate_host)


class _Running:
    """A started server in a folder of its own, directly below the system's: `nobody` cannot enter pytest's."""

    def __init__(self, certificate_host: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="airut-mail-"))
        self._folder.chmod(0o755)
        self._server = MailServer(self._folder, certificate_host=certificate_host)

    def __enter__(self) -> MailServer:
        if not any(shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("dovecot",)):
            pytest.skip("dovecot is not installed (scripts/setup installs it)")
        self._server.start()
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def email_channel(server: MailServer, address: str, **changes: dict[str, object]) -> EmailChannel:
    """The channel of a mailbox on that server. `changes` by section: `imap={"idle": False}`."""
    sections: dict[str, dict[str, object]] = {
        "account": {"username": address, "password": PASSWORD, "from": f"Airut <{address}>"},
        "imap": {"host": server.host, "port": server.imap_port, "ca_file": server.ca_file, "poll_interval": 0.1},
        "smtp": {"host": server.host, "port": server.smtp_port, "ca_file": server.ca_file},
        "auth": {"trusted_authserv_id": (server.authserv_id,), "authorized_senders": ("*@example.org",)},
        # Tests send more than people do.
        "limits": {"per_sender": "10000/h", "per_repo": "10000/h"},
    }
    for section, values in changes.items():
        sections[section] |= values
    return EmailChannel.model_validate(sections)
