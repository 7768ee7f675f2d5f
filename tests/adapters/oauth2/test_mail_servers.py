"""Login by token at real servers: Dovecot asks the token server (RFC 7662), Exim looks into a file of good tokens."""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from aiohttp import web

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.imap.mailbox import imap_mailbox
from airut.adapters.oauth2 import AccessTokens
from airut.adapters.smtp import SmtpChannel
from airut.demo.mailserver import MailServer
from airut.errors import DeliveryDeferred
from airut.models.mail.settings import Replies
from airut.ports.mailbox import MailboxRefused, MailboxUnavailable
from tests.adapters.oauth2.test_tokens import generic
from tests.adapters.smtp.test_channel import OUTBOUND
from tests.support.mailserver import email_channel, mail_server  # noqa: F401  # fixture
from tests.support.token_server import CLIENT_SECRET, REFRESH, TokenServer, token_server

USER = "bot@mail.test"
_DOVECOT_2_3 = """
auth_mechanisms = plain xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""
_DOVECOT_2_4 = """
auth_mechanisms = plain xoauth2
oauth2 {{
  introspection_url = {url}
  introspection_mode = post
  username_attribute = username
  active_attribute = active
  active_value = true
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2
}}
"""
_INTROSPECTION = """
introspection_url = {url}
introspection_mode = post
username_attribute = username
active_attribute = active
active_value = true
"""
_EXIM = r"""
xoauth2:
  driver = plaintext
  public_name = XOAUTH2
  server_set_id = ${{if match{{$auth1}}{{\N^user=([^\x01]+)\x01auth=Bearer ([^\x01]+)\x01\x01$\N}}{{$1}}}}
  server_condition = ${{if match{{$auth1}}{{\N^user=([^\x01]+)\x01auth=Bearer ([^\x01]+)\x01\x01$\N}}\
{{${{if eq{{$1}}{{${{lookup{{${{lc:${{sha256:$2}}}}}}lsearch{{{tokens}}}}}}}}}}}}}
"""


class Servers(NamedTuple):
    mail: MailServer
    tokens: TokenServer


@pytest_asyncio.fixture(scope="module")
async def servers() -> AsyncIterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="airut-oauth2-"))
    folder.chmod(0o755)
    async with token_server(folder / "tokens", USER) as tokens:
        (folder / "tokens").chmod(0o755)
        url = f"http://127.0.0.1:{tokens.introspection_port}/introspect"
        (folder / "oauth2.conf").write_text(_INTROSPECTION.format(url=url))
        version = subprocess.run(["/usr/sbin/dovecot", "--version"], capture_output=True, text=True, check=True).stdout
        dovecot = (_DOVECOT_2_3 if version.startswith("2.3") else _DOVECOT_2_4).format(folder=folder, url=url)
        server = MailServer(folder / "mail", dovecot=dovecot, exim=_EXIM.format(tokens=tokens.token_file))
        for name in (USER, "ann", "bob"):
            server.add_user(name, "not-used")
        server.start()
        yield Servers(server, tokens)
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def sender(server: MailServer, blobs: Path, tokens: AccessTokens) -> SmtpChannel:
    channel = email_channel(server, USER)
    return SmtpChannel(
        channel.smtp, channel.account, Replies(), LocalBlobStore(blobs), "i", tokens, authorized=("*@mail.test",)
    )


async def logged_in(server: MailServer, tokens: AccessTokens) -> None:
    channel = email_channel(server, USER)
    async with imap_mailbox(channel.imap, channel.account, tokens)() as mailbox:
        assert await mailbox.search() == ()


async def test_both_servers_take_the_token_and_a_new_one_when_it_is_revoked(servers: Servers, tmp_path: Path) -> None:
    tokens, before = AccessTokens(generic(servers.tokens)), len(servers.tokens.granted)
    await logged_in(servers.mail, tokens)
    await sender(servers.mail, tmp_path, tokens).send(OUTBOUND)
    assert len(servers.tokens.granted) == before + 1
    servers.tokens.revoke_all()
    await logged_in(servers.mail, tokens)
    assert len(servers.tokens.granted) == before + 2
    servers.tokens.revoke_all()
    await sender(servers.mail, tmp_path, tokens).send(OUTBOUND.model_copy(update={"seq": 1}))
    assert len(servers.tokens.granted) == before + 3


async def test_a_token_that_no_server_takes(servers: Servers, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    servers.tokens.answers = [
        web.json_response({"access_token": f"w0rthless-{n}", "token_type": "Bearer", "expires_in": 3600})
        for n in range(4)
    ]
    with pytest.raises(MailboxRefused) as imap:
        await logged_in(servers.mail, AccessTokens(generic(servers.tokens)))
    assert "login at 127.0.0.1 refused:" in imap.value.reason
    assert "status " in imap.value.reason  # what Dovecot's challenge says, decoded
    with pytest.raises(DeliveryDeferred, match=r"login at 127\.0\.0\.1 refused: 535") as smtp:
        await sender(servers.mail, tmp_path, AccessTokens(generic(servers.tokens))).send(OUTBOUND)
    shown = imap.value.reason + str(smtp.value) + "\n".join(record.getMessage() for record in caplog.records)
    assert not [hidden for hidden in ("w0rthless", CLIENT_SECRET, REFRESH, "dXNlcj1") if hidden in shown]
    assert servers.tokens.answers == []


@pytest.mark.parametrize(("status", "error"), [(400, MailboxRefused), (503, MailboxUnavailable)])
async def test_without_a_token_nobody_logs_in(
    servers: Servers, tmp_path: Path, status: int, error: type[Exception]
) -> None:
    said = {"error": "invalid_client", "error_description": "AADSTS7000222: The secret has expired"}
    servers.tokens.answers = [web.json_response(said, status=status) for _ in range(2)]
    with pytest.raises(error, match=r"oauth2: .*AADSTS7000222: The secret has expired"):
        await logged_in(servers.mail, AccessTokens(generic(servers.tokens)))
    with pytest.raises(DeliveryDeferred, match="AADSTS7000222"):
        await sender(servers.mail, tmp_path, AccessTokens(generic(servers.tokens))).send(OUTBOUND)


async def test_a_server_without_xoauth2_is_named(
    mail_server: MailServer,  # noqa: F811
    servers: Servers,
    tmp_path: Path,
) -> None:
    tokens, reason = AccessTokens(generic(servers.tokens)), r"127\.0\.0\.1 offers no login by token \(XOAUTH2\)"
    with pytest.raises(MailboxRefused, match=reason):
        await logged_in(mail_server, tokens)
    with pytest.raises(DeliveryDeferred, match=reason):
        await sender(mail_server, tmp_path, tokens).send(OUTBOUND)
