"""Where templates lie, and what they can say."""

import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from airut.dashboard import shown
from airut.dashboard.markdown import line, rendered


def templates() -> Environment:
    """Everything that is put into a page is escaped; what is missing is an error, and not nothing."""
    made = Environment(
        loader=PackageLoader("airut.dashboard", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "line": line,
        "markdown": rendered,
        "moment": shown.moment,
        "clock": shown.clock,
        "duration": shown.duration,
        "money": shown.money,
        "size": shown.size,
        "visible": shown.visible,
        "state": shown.state,
    }
    made.globals["static"] = static
    return made


@cache
def static(name: str) -> str:
    """The address of a file of ours, which is another one when the file is."""
    content = (files("airut.dashboard") / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"
