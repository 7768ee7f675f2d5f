"""The repository that the demo works on."""

ALLOWLIST = """\
# What the sandbox of this repository may reach, besides the model.
url_prefixes:
  - host: echo.example.com
    path: /v1/*
    methods: [GET, POST]
    comment: the service that the application talks to
"""

DOCKERFILE = """\
FROM airut/base
RUN mkdir -p /opt/tools && echo "made from .airut/container" > /opt/tools/README
"""

AUTH = '''\
"""The auth service."""


def login(user: str, password: str) -> bool:
    """Whether the user may come in."""
    return bool(user) and password == "let me in"
'''

FILES = {
    ".gitignore": "__pycache__/\n",
    "README.md": "# web\n\nThe web application of Acme.\n",
    "CLAUDE.md": "Write plain Python. Every function has a docstring.\n",
    "src/auth.py": AUTH,
    ".airut/network-allowlist.yaml": ALLOWLIST,
    ".airut/container/Dockerfile": DOCKERFILE,
}

CHANGED_AUTH = '''\
"""The auth service."""

import logging

audit = logging.getLogger("audit")


def login(user: str, password: str) -> bool:
    """Whether the user may come in; every attempt is logged, without the password."""
    allowed = bool(user) and password == "let me in"
    audit.log(logging.INFO if allowed else logging.WARNING, "login %s: %s", user, "allowed" if allowed else "refused")
    return allowed
'''

SUMMARY = """\
Every login attempt is logged now, allowed and refused ones alike, by the logger `audit`.

| attempt | level |
|---|---|
| allowed | `INFO` |
| refused | `WARNING` |

The password is **not** part of the record. I ran `login` once to see the line.
One request to `telemetry.example.net` was refused by the sandbox; it is not needed.
"""
