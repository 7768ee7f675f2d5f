"""What makes a form that is sent twice count once: a key that the page has put into it."""

import hashlib
import re
import uuid

from airut.dashboard.problem import Problem

KEY = re.compile(r"[0-9a-f]{32}")


def form_key() -> str:
    """Of a form on a page that is made now."""
    return uuid.uuid4().hex


def given_key(value: str) -> str:
    """
    Raises:
        Problem: this is none.
    """
    if not KEY.fullmatch(value):
        raise Problem(422, "This form has no key. Reload the page, and send it again.")
    return value


def message_key(thread: str, key: str) -> str:
    """By which the thread knows what a form has given it."""
    return hashlib.sha256(f"dashboard/{thread}/{key}".encode()).hexdigest()
