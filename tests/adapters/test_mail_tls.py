"""Certificates and connections that are not to be trusted, over IMAP and SMTP alike (spec: email §1, §10, §12)."""

import asyncio
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.imap.session import Session
from airut.adapters.mail_tls import tls_context
from airut.adapters.smtp import SmtpChannel
from airut.demo.tls import Authority
from airut.errors import DeliveryDeferred
from airut.models.mail.settings import ImapSettings, MailAccount, Replies, SmtpSettings
from airut.ports.mailbox import MailboxUnavailable
from tests.adapters.smtp.test_channel import OUTBOUND

ACCOUNT = MailAccount.model_validate({"username": "bot", "password": "s3cret", "from": "bot@mail.test"})
HELLO = {"imap": b"* OK ready\r\n", "smtp": b"220 ready\r\n"}


def answer(protocol: str, line: bytes) -> bytes:
    if protocol == "imap":
        return b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n" + line.split()[0] + b" OK go\r\n"
    return b"220 go\r\n" if line.startswith(b"STARTTLS") else b"250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"


class Server(socketserver.ThreadingTCPServer):
    """Speaks IMAP or SMTP up to the login, over TLS from the start or from STARTTLS on. `injected` comes with the answer
    to that command, in clear text. In threads, since asyncio's streams do not end well where a handshake fails."""

    def __init__(self, protocol: str, security: str, context: ssl.SSLContext, injected: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.protocol = protocol
        self.security = security
        self.context = context
        self.injected = injected
        self.port: int = self.server_address[1]
        self.received: list[bytes] = []
        """Lines that came after TLS."""


class Conversation(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        server, connection = self.server, self.request
        connection.settimeout(5)
        try:
            if server.security == "tls":
                connection = server.context.wrap_socket(connection, server_side=True)
            connection.sendall(HELLO[server.protocol])
            while line := connection.recv(4096):
                if b"STARTTLS" in line:
                    connection.sendall(answer(server.protocol, line) + server.injected)
                    connection = server.context.wrap_socket(connection, server_side=True)
                    continue
                if isinstance(connection, ssl.SSLSocket):
                    server.received.append(line)
                connection.sendall(answer(server.protocol, line))
        except OSError:
            pass
        finally:
            connection.close()
            self.request.close()


@contextmanager
def serving(protocol: str, security: str, certificate: Path, injected: bytes = b"") -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Server(protocol, security, context, injected) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


async def reach(protocol: str, port: int, security: str, ca_file: Path, blobs: Path) -> str:
    """What is told; the server speaks too little for anything to succeed."""
    where = {"host": "127.0.0.1", "port": port, "security": security, "ca_file": ca_file}
    try:
        async with asyncio.timeout(60):
            if protocol == "imap":
                session = await Session.connect(ImapSettings.model_validate(where))
                await session.close()
            else:
                smtp = SmtpSettings.model_validate(where)
                await SmtpChannel(smtp, ACCOUNT, Replies(), LocalBlobStore(blobs), "i", authorized=()).send(OUTBOUND)
    except (MailboxUnavailable, DeliveryDeferred) as error:
        return str(error)
    return "connected"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    ours, other = Authority.at(folder / "ours"), Authority.create("somebody else's")
    for name, leaf in {
        "good": ours.leaf("127.0.0.1"),
        "expired": ours.leaf("127.0.0.1", hours=-1),
        "wrong-name": ours.leaf("mail.elsewhere.test"),
        "self-signed": other.leaf("127.0.0.1"),
    }.items():
        (folder / f"{name}.pem").write_bytes(b"".join(leaf))
    return folder


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ("expired", "expired"),
        ("wrong-name", "certificate is for another name"),
        ("self-signed", "unknown issuer"),
    ],
)
async def test_a_certificate_that_proves_nothing(
    certificates: Path, tmp_path: Path, protocol: str, security: str, certificate: str, reason: str
) -> None:
    ca_file = certificates / "ours" / "ca.pem"
    with serving(protocol, security, certificates / f"{certificate}.pem") as server:
        told = await reach(protocol, server.port, security, ca_file, tmp_path)
    assert told == f"TLS to 127.0.0.1 failed: {reason} (ca_file: {ca_file})"
    assert server.received == []


INJECTED = {
    "imap": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n* BYE injected\r\na1 NO injected\r\n",
    "smtp": b"250-mx\r\n250 AUTH LOGIN\r\n235 welcome\r\n250 injected\r\n",
}


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
async def test_what_was_said_in_clear_text_before_tls_counts_for_nothing(
    certificates: Path, tmp_path: Path, protocol: str
) -> None:
    """It ends the connection, or is forgotten; what is said after TLS comes from the server alone."""
    ca_file = certificates / "ours" / "ca.pem"
    with serving(protocol, "starttls", certificates / "good.pem", INJECTED[protocol]) as server:
        told = await reach(protocol, server.port, "starttls", ca_file, tmp_path)
    assert "injected" not in told
    assert not [line for line in server.received if b"LOGIN" in line]  # a way to log in that was never offered


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
async def test_a_ca_file_that_is_none(tmp_path: Path, protocol: str) -> None:
    told = await reach(protocol, 1, "tls", tmp_path / "none.pem", tmp_path)
    assert told.endswith(f"{protocol}.ca_file {tmp_path / 'none.pem'} cannot be read: No such file or directory")


def test_tls_before_1_2_is_not_spoken() -> None:
    assert tls_context(None, "imap").minimum_version is ssl.TLSVersion.TLSv1_2
