"""`.airut/network-allowlist.yaml`: what it may say, and what is wrong with it (network.md §4.2, §4.3)."""

import ipaddress
import re
from typing import Literal, cast, get_args

import yaml

from airut.models.base import Model
from airut.models.policy import presets
from airut.models.policy.host_patterns import host_pattern
from airut.models.policy.presets import Access, Preset
from airut.models.values.located import Problem, Problems, Reader, compose

MAX_ENTRIES = 2_000
Scheme = Literal["https", "http"]
Foreign = Literal["allow", "strip", "block"]
Origin = Literal["domains", "url_prefixes"]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "MKCOL", "MOVE", "COPY")
ENTRY_KEYS = (
    "host", "path", "methods", "query", "schemes", "ports", "addresses", "foreign_credentials", "graphql", "comment",
)  # fmt: skip
_ROOT_FIELD = re.compile(r"[_A-Za-z0-9*?]+\Z")  # GraphQL §2.1.9, and the wildcards
_DOT_SEGMENT = re.compile(r"(?:^|/|%2f)(?:\.|%2e){1,2}(?:$|/|;|%2f)", re.IGNORECASE)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Graphql(Model):
    """Patterns of the root fields that an operation may have; a kind without any may not be asked for."""

    queries: tuple[str, ...] = ()
    mutations: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()


class Entry(Model):
    """One entry of `domains` or `url_prefixes`, with the place it stands at."""

    line: int
    column: int = 1
    origin: Origin
    host: str
    path: str | None = None
    methods: tuple[str, ...] = ()
    query: dict[str, tuple[str, ...]] | None = None
    schemes: tuple[Scheme, ...] = ("https",)
    ports: tuple[int, ...] = ()
    addresses: tuple[str, ...] = ()
    foreign_credentials: Foreign | None = None
    graphql: Graphql | None = None
    comment: str | None = None


class Allowlist(Model):
    """A valid file: its entries in the order in which they decide, then its presets."""

    file: str
    entries: tuple[Entry, ...] = ()
    presets: tuple[Preset, ...] = ()
    notes: tuple[Problem, ...] = ()


def parse_allowlist(text: str, name: str) -> Allowlist:
    """Reads a file's text; `name` is what its errors call it.

    Raises:
        PolicyErrors: everything that is wrong with it, located.
    """
    problems = Problems(name)
    root = compose(text, problems)
    allowlist = Allowlist(file=name)
    if root is not None:
        allowlist = _Parser(problems).allowlist(root)
    problems.raise_any()
    return allowlist


class _Parser:
    """Turns nodes into entries; the value of a member that is wrong does not matter, since nothing comes of it."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._read = Reader(problems)

    def allowlist(self, root: yaml.Node) -> Allowlist:
        members = self._read.mapping(root, "", ("presets", "domains", "url_prefixes"))
        domains = self._read.texts(members.get("domains"), "domains")
        prefixes = self._read.items(members.get("url_prefixes"), "url_prefixes")
        if len(domains) + len(prefixes) > MAX_ENTRIES:
            self._problems.add(root, "", f"over {MAX_ENTRIES} entries")
            return Allowlist(file=self._problems.file)
        entries = [
            *(
                Entry(
                    line=node.start_mark.line + 1,
                    column=node.start_mark.column + 1,
                    origin="domains",
                    host=self._host(text, node, at),
                )
                for text, node, at in domains
            ),
            *(self._entry(node, at) for node, at in prefixes),
        ]
        named = [self._preset(node, at) for node, at in self._read.items(members.get("presets"), "presets")]
        repositories = sum(len(preset.repositories) for preset in named)
        if len(entries) + repositories * presets.MOST_PER_REPOSITORY > MAX_ENTRIES:
            self._problems.add(members["presets"], "presets", f"stands for over {MAX_ENTRIES} entries")
        return Allowlist(
            file=self._problems.file, entries=tuple(entries), presets=tuple(named), notes=tuple(self._problems.notes)
        )

    def _entry(self, node: yaml.Node, at: str) -> Entry:
        members = self._read.mapping(node, at, ENTRY_KEYS)
        host = members.get("host")
        if host is None:
            self._problems.add(node, at, "host is missing")
        path, query = self._path(members.get("path"), f"{at}.path")
        named_query = self._query(members.get("query"), f"{at}.query")
        if query is not None and named_query is not None:
            self._problems.add(members["path"], f"{at}.path", "has a query, and so has the entry", "keep `query`")
        comment = members.get("comment")
        return Entry(
            line=node.start_mark.line + 1,
            column=node.start_mark.column + 1,
            origin="url_prefixes",
            host=self._host(self._read.text(host, f"{at}.host") or "", host, f"{at}.host") if host else "",
            path=path,
            methods=self._methods(members.get("methods"), f"{at}.methods"),
            query=query if named_query is None else named_query,
            schemes=self._schemes(members.get("schemes"), f"{at}.schemes"),
            ports=self._ports(members.get("ports"), f"{at}.ports"),
            addresses=self._addresses(members.get("addresses"), f"{at}.addresses"),
            foreign_credentials=self._foreign(members.get("foreign_credentials"), f"{at}.foreign_credentials"),
            graphql=self._graphql(members["graphql"], f"{at}.graphql") if "graphql" in members else None,
            comment=self._read.text(comment, f"{at}.comment") if comment else None,
        )

    def _host(self, text: str, node: yaml.Node, at: str) -> str:
        if "://" in text:
            self._problems.add(node, at, "is a URL", "write the host; `schemes` names http")
            return ""
        if "/" in text:
            self._problems.add(node, at, "holds a path", "use url_prefixes with `path`")
            return ""
        try:
            return host_pattern(text)
        except ValueError as error:
            self._problems.add(node, at, str(error), "use `ports`" if re.search(r":\d+$", text) else None)
            return ""

    def _path(self, node: yaml.Node | None, at: str) -> tuple[str | None, dict[str, tuple[str, ...]] | None]:
        text = self._read.text(node, at) if node is not None else None
        if not text:
            return None, None
        path, mark, query = text.partition("?")
        if not (mark and "=" in query):
            path, query = text, ""
        if path != "*" and not path.startswith("/"):
            self._problems.add(node, at, "must begin with /")
        elif _DOT_SEGMENT.search(path):
            self._problems.add(node, at, "no request matches a path with . or .. in it")
        elif _BAD_ESCAPE.search(path) or any(c <= " " or c in "#\\\x7f" for c in path):
            self._problems.add(node, at, "no request matches this path", "a bad escape, a blank, # or \\ is refused")
        if re.search("%2a|%3f", path, re.IGNORECASE):
            self._problems.add(node, at, "an escaped * or ? cannot be matched", "write ? for any one character")
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        if pairs and node is not None:
            self._problems.note(node, at, f"is read as the path {path} and a query; `query` says so more clearly")
        return path, {name: (value,) for name, _, value in pairs} if pairs else None

    def _methods(self, node: yaml.Node | None, at: str) -> tuple[str, ...]:
        found = self._read.texts(node, at)
        for text, item, place in found:
            if text not in METHODS:
                known = text.upper() in METHODS
                self._problems.add(item, place, "unknown method", f"write {text.upper()}" if known else None)
        return tuple(text for text, _, _ in found)

    def _query(self, node: yaml.Node | None, at: str) -> dict[str, tuple[str, ...]] | None:
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode):
            if node.value != "none":
                self._problems.add(node, at, "must be a mapping, or none")
            return {}
        rules: dict[str, tuple[str, ...]] = {}
        for name, value in self._read.mapping(node, at, ()).items():
            if isinstance(value, yaml.SequenceNode):
                rules[name] = tuple(text for text, _, _ in self._read.texts(value, f"{at}.{name}"))
            else:
                rules[name] = (self._read.text(value, f"{at}.{name}") or "",)
        return rules

    def _schemes(self, node: yaml.Node | None, at: str) -> tuple[Scheme, ...]:
        found = self._read.texts(node, at)
        for text, item, place in found:
            if text not in get_args(Scheme):
                self._problems.add(item, place, "must be https or http")
        return tuple(cast(Scheme, text) for text, _, _ in found if text in get_args(Scheme)) or ("https",)

    def _ports(self, node: yaml.Node | None, at: str) -> tuple[int, ...]:
        found = [(self._read.number(item, place), item, place) for item, place in self._read.items(node, at)]
        for number, item, place in found:
            if number is not None and (not 0 < number < 65_536 or number == 53):
                self._problems.add(item, place, "must be 1 to 65535, and not 53")
        return tuple(number for number, _, _ in found if number is not None)

    def _addresses(self, node: yaml.Node | None, at: str) -> tuple[str, ...]:
        networks: list[str] = []
        for text, item, place in self._read.texts(node, at):
            try:
                networks.append(str(ipaddress.ip_network(text)))
            except ValueError:
                self._problems.add(item, place, "must be a network such as 10.20.0.0/16")
        return tuple(networks)

    def _foreign(self, node: yaml.Node | None, at: str) -> Foreign | None:
        text = self._read.text(node, at) if node is not None else None
        if text is not None and text not in get_args(Foreign):
            self._problems.add(node, at, "must be allow, strip or block")
        return cast(Foreign, text) if text in get_args(Foreign) else None

    def _graphql(self, node: yaml.Node, at: str) -> Graphql:
        members = self._read.mapping(node, at, tuple(Graphql.model_fields))
        kinds: dict[str, tuple[str, ...]] = {}
        for kind, value in members.items():
            found = self._read.texts(value, f"{at}.{kind}")
            for text, item, place in found:
                if not _ROOT_FIELD.match(text):
                    self._problems.add(
                        item, place, "is no field's name or pattern", "write the field without arguments"
                    )
            kinds[kind] = tuple(text for text, _, _ in found)
        if not any(kinds.values()) and (members or not node.value):  # otherwise its keys are what is wrong
            self._problems.add(node, at, "allows no operation", "name fields under queries, mutations or subscriptions")
        return Graphql(**kinds)

    def _preset(self, node: yaml.Node, at: str) -> Preset:
        if isinstance(node, yaml.ScalarNode):
            return Preset(name=self._preset_name(node, at))
        members = self._read.mapping(node, at, ("name", "repositories", "access"))
        name = self._preset_name(members["name"], f"{at}.name") if "name" in members else ""
        if not name:
            self._problems.add(node, at, "name is missing")
        for argument in ("repositories", "access"):
            if argument in members and name != "github":
                self._problems.add(members[argument], f"{at}.{argument}", f"{name} takes no arguments")
        repositories = self._read.texts(members.get("repositories"), f"{at}.repositories")
        for text, item, place in repositories:
            if not presets.REPOSITORY.match(text):
                self._problems.add(item, place, "must be owner/name")
        access = self._read.text(members["access"], f"{at}.access") if "access" in members else "read"
        if access not in get_args(Access):
            self._problems.add(members.get("access"), f"{at}.access", "must be read or write")
            access = "read"
        return Preset(name=name, repositories=tuple(text for text, _, _ in repositories), access=cast(Access, access))

    def _preset_name(self, node: yaml.Node, at: str) -> str:
        name = self._read.text(node, at) or ""
        if name not in presets.NAMES:
            self._problems.add(node, at, "unknown preset", "there are " + ", ".join(presets.NAMES))
        return name
