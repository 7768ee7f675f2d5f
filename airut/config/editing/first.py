"""The first configuration, made of what one repository needs: its address, an account of the model, and one channel."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from airut.config.editing.values import Reference, Value, entry
from airut.config.skeleton import skeleton
from airut.models.base import Model

CHANNELS = ("console", "email", "slack")


class First(Model):
    """`secrets` are variables for `.env`, which the text names."""

    text: str
    secrets: dict[str, str]


def first_configuration(given: Mapping[str, str]) -> First:
    """Of the fields of the form. What is missing is left out: the check of the whole file says so, at its key."""
    secrets: dict[str, str] = {}

    def secret(name: str, field: str) -> dict[str, Value]:
        if not given.get(field, ""):
            return {}
        secrets[name] = given[field]
        return {field: Reference(tag="!env", name=name)}

    key = given.get("key", "")
    kind, variable = ("api_key", "ANTHROPIC_API_KEY")
    if key.startswith("sk-ant-oat"):
        kind, variable = ("oauth_token", "CLAUDE_CODE_OAUTH_TOKEN")
    auth = {kind: named["key"]} if (named := secret(variable, "key")) else {}
    forge = {"auth": {"token": named["forge_token"]}} if (named := secret("FORGE_TOKEN", "forge_token")) else {}
    url = given.get("url", "").strip()
    repo: dict[str, Value] = {"url": url, "agent": {"auth": auth}, **({"forge": forge} if forge else {})}
    repo["channels"] = _channel(given, secret)
    name = given.get("name", "").strip() or suggested_name(url)
    return First(text=f"{skeleton(example=False)}\n{entry('repos', {name: repo}, 0)}\n", secrets=secrets)


def suggested_name(url: str) -> str:
    """What the repository is called here, unless somebody says otherwise: the last part of its address."""
    last = urlsplit(url).path.rstrip("/").rpartition("/")[2].removesuffix(".git").lower()
    return re.sub(r"[^a-z0-9-]+", "-", last).strip("-")[:40] or "repo"


def _channel(given: Mapping[str, str], secret: Callable[[str, str], dict[str, Value]]) -> dict[str, Value]:
    chosen = given.get("channel", "console")
    if chosen == "email":
        address = given.get("address", "").strip()
        account: dict[str, Value] = {
            "username": given.get("username", "").strip() or address,
            **secret("MAIL_PASSWORD", "password"),
            "from": f"Airut <{address}>",
        }
        auth = {"trusted_authserv_id": _items(given, "authserv"), "authorized_senders": _items(given, "senders")}
        return {
            "email": {
                "account": account,
                "imap": {"host": given.get("imap", "").strip()},
                "smtp": {"host": given.get("smtp", "").strip()},
                "auth": {name: items for name, items in auth.items() if items},
            }
        }
    if chosen == "slack":
        people: list[Value] = [{"user_id": item} for item in _items(given, "people")]
        tokens = {**secret("SLACK_BOT_TOKEN", "bot_token"), **secret("SLACK_APP_TOKEN", "app_token")}
        return {"slack": {**tokens, "authorized": people}}
    return {"console": {}}


def _items(given: Mapping[str, str], name: str) -> list[str]:
    return re.split(r"[\s,]+", given.get(name, "").strip()) if given.get(name, "").strip() else []
