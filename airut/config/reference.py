"""`docs/configuration.md`: every key of `airut.yaml`, made of the schema. `python -m airut.config.reference` writes it,
and the JSON Schema, anew."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from airut.config.json_schema import json_schema
from airut.config.key import Form, Key, Node
from airut.config.keys import tree
from airut.config.written import written

PAGE, SCHEMA = Path("docs/configuration.md"), Path("docs/airut.schema.json")

_HEAD = """\
# Configuration

Every key of `airut.yaml`. This page is made of the schema that reads the file: `python -m airut.config.reference`
writes it anew, and `docs/airut.schema.json` for editors (`airut check --schema` prints the same). `airut init` writes a
file with every key and its default to start from; `airut check` says what is wrong with one.

The file is looked for at `--config`, `$AIRUT_CONFIG`, `~/.config/airut/airut.yaml` and `/etc/airut/airut.yaml`.

| | |
|---|---|
| duration | `30s`, `5m`, `2h`, `7d`; a number is seconds |
| size | `512k`, `25m`, `8g`, in powers of 1024; a number is bytes |
| share | `10%`, or `0.1` |
| secret | `!env NAME`, `!file path`, `{systemd: name}` or `{command: [program]}` ([more](operations/secrets.md)) |
| `!env NAME` | an environment variable, else one of `.env`: beside the file, or in the working directory |
| `!file path` | what the file holds, relative to `airut.yaml` |
| `!var name` | the value of that name under `vars` |

**Takes effect** says when a changed value does, in processes that run: at once (*live*), for each task that begins from
then on (*task*), as the repository's listener is replaced (*channel*), or with the next start (*restart*). There is
more of that in [Changing the configuration](operations/reload.md).
"""


def reference() -> str:
    """The page."""
    sections = (line for node in tree() if node.below for line in _section(node))
    return "\n".join([_HEAD, *_top(), *sections]).rstrip() + "\n"


def schema_text() -> str:
    """The JSON Schema, as it lies in `docs/`."""
    return json.dumps(json_schema(), indent=2) + "\n"


def write(root: Path) -> None:
    (root / PAGE).write_text(reference())
    (root / SCHEMA).write_text(schema_text())


def _top() -> Iterator[str]:
    rows = [node for node in tree() if not node.below or node.key.name == "vars"]
    yield from _table(rows)


def _section(node: Node) -> Iterator[str]:
    """A section of the file, with the sections below it that have many keys of their own after it."""
    if node.key.name != "vars":
        yield from _part(node)


def _part(node: Node) -> Iterator[str]:
    inner = node.below[0] if node.key.form in (Form.MAP, Form.LIST) else node
    yield f"## `{inner.key.path}`"
    yield ""
    if text := inner.key.doc or node.key.doc:
        yield text
        yield ""
    parts = inner.variants or (inner,)
    for part in parts:
        if part.key.variant:
            yield f"With `{part.key.variant}`:" + (f" {part.key.doc}" if part.key.doc else "")
            yield ""
        yield from _table(part.below)
    for part in parts:
        for below in part.below:
            if _has_a_part(below):
                yield from _part(below)


def _has_a_part(node: Node) -> bool:
    """Whether what stands below it is told under a heading of its own."""
    if node.key.form in (Form.MAP, Form.LIST):
        return node.below[0].key.form is Form.SECTION
    return node.key.form is Form.SECTION and bool(node.below or node.variants)


def _table(nodes: Sequence[Node]) -> Iterator[str]:
    if not nodes:
        return
    yield "| key | value | default | takes effect | |"
    yield "|---|---|---|---|---|"
    for node in nodes:
        key = node.key
        default = "**required**" if key.required else f"`{key.default}`" if key.default is not None else ""
        cells = (f"`{key.name}`", _value(node), default, _effect(node), key.doc)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _effect(node: Node) -> str:
    return "" if node.key.form is Form.SECTION else str(node.key.reload)


def _value(node: Node) -> str:
    key = node.key
    words = [f"`{word}`" for word in key.words] + (["`null`"] if key.nullable and key.default != "null" else [])
    match key.form:
        case Form.CHOICE:
            text = ", ".join(f"`{choice}`" for choice in key.choices)
        case Form.LIST | Form.MAP:
            text = f"{key.form} of {_plural(node.below[0].key.form)}"
        case _:
            text = str(key.form)
    return ", or ".join([text + _limits(key), *words])


def _plural(form: Form) -> str:
    return {Form.BOOLEAN: "yes or no", Form.CHOICE: "words", Form.ANY: "anything"}.get(form, f"{form}s")


def _limits(key: Key) -> str:
    if key.minimum is None and key.maximum is None:
        return ""
    unit = f" {key.unit}" if key.form in (Form.TEXT, Form.LIST, Form.MAP) else ""
    form = key.form if key.form in (Form.DURATION, Form.SIZE, Form.SHARE) else Form.ANY
    found = []
    if key.minimum is not None:
        found.append(("more than " if key.exclusive else "at least ") + _bound(key.minimum, form) + unit)
    if key.maximum is not None:
        found.append(("less than " if key.below else "at most ") + _bound(key.maximum, form) + unit)
    return f", {' and '.join(found)}"


def _bound(bound: float, form: Form) -> str:
    return written(int(bound) if float(bound).is_integer() else bound, form)


if __name__ == "__main__":
    write(Path(__file__).parents[2])
