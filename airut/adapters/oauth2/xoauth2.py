"""SASL XOAUTH2 as Google and Microsoft have it: one line from us, and a JSON challenge where it is refused. Pure."""

import base64
import binascii
import json

_MAX_SHOWN = 300


def first_response(username: str, token: str) -> bytes:
    """Base64, as AUTHENTICATE and AUTH take it."""
    return base64.b64encode(f"user={username}\x01auth=Bearer {token}\x01\x01".encode())


def refusal(challenge: str) -> str:
    """What a server says of a token that it does not take, in one line; the empty string where it says nothing.

    The challenge is base64 of a JSON object; what is something else is shown as far as it is text.
    """
    try:
        text = base64.b64decode(challenge.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        text = challenge
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if isinstance(said, dict):
        known = ("status", "error", "error_description", "schemes", "scope")
        text = ", ".join(f"{name} {said[name]}" for name in known if said.get(name)) or text
    return one_line(text)


def one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line[:_MAX_SHOWN]
