"""The configuration that `airut init` writes: every section with its keys, defaults and texts, made of the schema."""

import textwrap
from collections.abc import Iterator

from airut.config.key import Form, Node
from airut.config.keys import tree
from airut.config.migrations import HISTORY

WIDTH = 100
"""Columns of the texts, as an editor in half a screen shows them."""

_HEAD = f"""\
## Airut's configuration. Lines with ## explain. A line with one # is a key with its default: take the # away, there and
## from its section's own line, to set it. `airut check` says what is wrong with this file. Values may be !env NAME (the
## environment, else .env beside this file), !file path, or !var name (vars below).
config_version: {HISTORY.current}

## Values of a name, for !var name.
#vars:
#  team: ["ann@example.com", "*@ops.example.com"]
"""

_REPOSITORIES = """
## The repositories that work is done in, each by a name of your own. Take the # away here, and put your own values in.
#repos:
#  web:
#    url: https://github.com/acme/web.git
#    agent:
#      auth: {api_key: !env ANTHROPIC_API_KEY}     # or oauth_token, of `claude setup-token`
#    forge:
#      auth: {token: !env GITHUB_TOKEN}            # pushes branches and opens pull requests; no sandbox sees it
#    channels:
#      console: {}                                 # `airut send` on this machine
#      email:
#        account: {username: airut@example.com, password: !env MAIL_PASSWORD, from: Airut <airut@example.com>}
#        imap: {host: imap.example.com}
#        smtp: {host: smtp.example.com}
#        auth:
#          trusted_authserv_id: [mx.example.com]   # whose Authentication-Results are believed
#          authorized_senders: ["ann@example.com"]
"""

DOTENV = """\
# Secrets that airut.yaml names with !env: NAME=value, one a line. Only you may read this file (mode 0600).
#ANTHROPIC_API_KEY=
#GITHUB_TOKEN=
#MAIL_PASSWORD=
"""

_ELSEWHERE = {"config_version", "vars", "repos"}


def skeleton(*, example: bool = True) -> str:
    """A valid file, which sets nothing but its version; with an example of a repository, or without."""
    sections = [node for node in tree() if node.key.name not in _ELSEWHERE]
    scalars = [node for node in sections if node.key.form is not Form.SECTION]
    lines = [line for node in (*scalars, *(n for n in sections if n not in scalars)) for line in [*_lines(node, 0), ""]]
    return "\n".join([_HEAD, *lines]).rstrip("\n") + "\n" + (_REPOSITORIES if example else "")


def _lines(node: Node, indent: int) -> Iterator[str]:
    key, margin = node.key, " " * indent
    if key.doc:
        yield from textwrap.wrap(key.doc, WIDTH, initial_indent=f"## {margin}", subsequent_indent=f"## {margin}")
    if key.form is Form.SECTION and node.below:
        yield f"#{margin}{key.name}:"
        for below in node.below:
            yield from _lines(below, indent + 2)
    elif key.form is not Form.SECTION and not key.required:
        yield f"#{margin}{key.name}: {key.default}{_choices(node)}"


def _choices(node: Node) -> str:
    options = [choice for choice in (*node.key.choices, *node.key.words) if choice != node.key.default]
    return f"   # or {', '.join(options)}" if options else ""
