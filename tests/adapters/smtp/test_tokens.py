"""SASL XOAUTH2 at an SMTP server that answers with a challenge, as Microsoft's and Google's do."""

import base64
from pathlib import Path

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.oauth2 import AccessTokens
from airut.adapters.oauth2.xoauth2 import first_response
from airut.adapters.smtp import SmtpChannel
from airut.errors import DeliveryDeferred
from airut.models.mail.settings import MailAccount, Replies, Security, SmtpSettings
from tests.adapters.oauth2.test_tokens import generic
from tests.adapters.smtp.scripted_server import ScriptedServer, running
from tests.adapters.smtp.test_channel import OUTBOUND
from tests.support.token_server import token_server

SAID = base64.b64encode(b'{"status":"400","error_description":"AADSTS50034: no such user"}').decode()


@pytest.mark.parametrize("tries", [2, 3])
async def test_a_challenge_is_answered_with_an_empty_line_decoded_and_told(tmp_path: Path, tries: int) -> None:
    answers = {"AUTH XOAUTH2": [f"334 {SAID}"] * (tries - 1) + ["235 yes"]}
    account = MailAccount.model_validate({"username": "bot", "from": "bot@mail.test"})
    async with (
        token_server(tmp_path / "tokens") as tokens,
        running(ScriptedServer(answers, extensions=("AUTH PLAIN XOAUTH2",))) as server,
    ):
        settings = SmtpSettings(host="127.0.0.1", port=server.port, security=Security.PLAIN)
        access = AccessTokens(generic(tokens))
        channel = SmtpChannel(
            settings, account, Replies(), LocalBlobStore(tmp_path), "i", access, authorized=("*@mail.test",)
        )
        if tries == 2:
            await channel.send(OUTBOUND)
        else:
            with pytest.raises(DeliveryDeferred) as refused:
                await channel.send(OUTBOUND)
            assert str(refused.value) == (
                "login at 127.0.0.1 refused: 535 5.7.3 Authentication unsuccessful "
                "(status 400, error_description AADSTS50034: no such user)"
            )
    shown = [f"AUTH XOAUTH2 {first_response('bot', token).decode()}" for token in tokens.granted]
    login = [command for command in server.commands if command.startswith("AUTH") or not command]
    assert login == [shown[0], "", shown[1], ""][: 2 * tries - 1 if tries == 2 else 4]
