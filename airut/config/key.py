"""One key of `airut.yaml`, as documentation, forms and editors need it."""

from enum import StrEnum

from airut.config.reload_class import ReloadClass
from airut.models.base import Model


class Form(StrEnum):
    """What stands at a key, in the words of the documentation."""

    TEXT = "text"
    INTEGER = "whole number"
    NUMBER = "number"
    BOOLEAN = "yes or no"
    CHOICE = "one of"
    DURATION = "duration"
    SIZE = "size"
    SHARE = "share"
    PATH = "path"
    SECRET = "secret"  # noqa: S105 - a word
    LIST = "list"
    MAP = "map"
    SECTION = "section"
    ANY = "anything"


class Key(Model):
    """`path` has a name of the operator's own in angle brackets, and `[]` for each item of a list:
    `repos.<name>.channels.slack.authorized[].user_id`."""

    path: str
    form: Form
    reload: ReloadClass
    required: bool = False
    """Whether it must stand where its section does."""
    nullable: bool = False
    """Whether `null` may stand there."""
    words: tuple[str, ...] = ()
    """What may stand there besides its form: `unlimited`, `never`."""
    default: str | None = None
    """As YAML on one line; None where there is none, and for sections."""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    """Seconds, bytes or a share of 1, where the form is one of these; of text and lists, the length."""
    maximum: float | None = None
    exclusive: bool = False
    """Whether the minimum itself is too little."""
    below: bool = False
    """Whether the maximum itself is too much."""
    pattern: str | None = None
    """Of the text, or of a map's names."""
    variant: str | None = None
    """The key that its section has when this one may stand in it: `kind: aws`. None: any."""
    doc: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]

    @property
    def unit(self) -> str:
        """Of minimum and maximum."""
        units = {Form.DURATION: "seconds", Form.SIZE: "bytes", Form.SHARE: "of 1"}
        lengths = {Form.TEXT: "characters", Form.LIST: "items", Form.MAP: "entries"}
        return units.get(self.form) or lengths.get(self.form, "")


class Node(Model):
    """A key and what stands below it: the keys of a section, or the one kind of entry of a list or map. Where a section
    has variants, each of them is one node below."""

    key: Key
    below: "tuple[Node, ...]" = ()
    variants: "tuple[Node, ...]" = ()
