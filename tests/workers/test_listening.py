"""Which mailboxes and apps are listened to."""

from typing import Any

from airut.config.differences import taken_up
from airut.config.schema import Config
from workers.wiring import listening

AUTH = {"auth": {"api_key": "sk-ant-api03-no-model-is-asked-here"}}


def mailbox(user: str, **more: object) -> dict[str, Any]:
    account = {"username": user, "password": "hunter2-secret", "from": f"{user}@example.com"}
    servers: dict[str, Any] = {"imap": {"host": "mail.example.com", **more}, "smtp": {"host": "mail.example.com"}}
    email = {"account": account, "auth": {"authorized_senders": ["*@example.com"]}, **servers}
    return {"url": "https://github.com/acme/web.git", "agent": AUTH, "channels": {"email": email}}


def config(**repos: object) -> Config:
    return Config.model_validate({"config_version": 1, "repos": repos})


def test_a_mailbox_is_listened_to_until_another_repository_has_it() -> None:
    first = config(web=mailbox("web"), api=mailbox("api"))
    assert [each.name for each in listening(first)] == ["repos.web.channels.email", "repos.api.channels.email"]
    gone = taken_up(first, config(api=mailbox("api")))
    assert {each.repo for each in listening(gone)} == {"web", "api"}
    (api,) = (each for each in listening(gone) if each.repo == "api")
    assert api.neighbours == ()
    renamed = taken_up(first, config(site=mailbox("web", host="MAIL.example.com"), api=mailbox("api")))
    assert {each.repo for each in listening(renamed)} == {"site", "api"}
