"""Texts of strangers in documents that others read: HTML, XML, and the lines by which a CI is told something.

What a command asks the network for, what it is called and how its repository's files are named may all be written by an
attacker. None of it may become a heading, a link, an image, a tag, or an order to the runner.
"""

import html
import re

from airut.models.values.visible import clean

LONGEST = 300  # characters of one text: a URL that is read, and no page that is filled
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 has no place for, not even as a reference."""


def line(text: str, most: int = LONGEST) -> str:
    """The text as one line without anything that is not seen, cut to a length."""
    begun = text[: 4 * most]  # of a text that fills megabytes no more is looked at
    shown = " ".join(clean(begun).split())
    return shown if len(text) == len(begun) and len(shown) <= most else f"{shown[: most - 1]}…"


def code(text: str, most: int = LONGEST) -> str:
    """As a piece of HTML in a block of HTML, which Markdown leaves alone (CommonMark §4.6) as long as it has no empty
    line. In `code` GitHub and GitLab look for no names of people, numbers of issues or addresses either."""
    return f"<code>{html.escape(line(text, most))}</code>"


def xml(text: str) -> str:
    """As text or as an attribute's value."""
    return html.escape(_NOT_XML.sub("\ufffd", text), quote=True)


def message(text: str, most: int = LONGEST) -> str:
    """As the message of a workflow command. GitHub decodes `%` and two digits after it has found the command."""
    return line(text, most).replace("%", "%25")


def property_(text: str, most: int = LONGEST) -> str:
    """As a property of one."""
    return message(text, most).replace(":", "%3A").replace(",", "%2C")
