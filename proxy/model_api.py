"""What a model's service is asked to fetch by itself: held to the allowlist like the sandbox's own requests (§7).

Such a request leaves from the service's network, not from here, and would otherwise be a way out with any text in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from proxy.block import Reason, Refused
from proxy.bodies import Json
from proxy.normalise import Target
from proxy.reach import BadDomain, Reach

MODEL_HOSTS = ("api.anthropic.com",)
MESSAGES = "/v1/messages"
FETCHING = ("web_fetch_", "web_search_")  # tools that go anywhere unless they are told where
_NOT_WALKED = {"tool_use": "input", "custom": "input_schema"}


def is_meant(target: Target) -> bool:
    """Whether a server could take this path for the messages endpoint or one below it, batches for instance; behind
    whatever prefix a gateway has."""
    readings = [reading.replace("%2F", "/").casefold() for reading in target.readings]
    return any(f"{MESSAGES}/" in f"{reading}/" for reading in readings)


@dataclass(frozen=True)
class Held:
    """The document that may leave, and what was done to it for the log. The very same one when nothing was."""

    document: Json
    changes: tuple[str, ...]


def hold(document: Json, reach: Reach) -> Held:
    """Cuts what the service may fetch down to what is allowed.

    Raises:
        Refused: it names something that is not allowed and cannot be cut.
    """
    walk = _Walk(reach)
    return Held(walk.node(document), tuple(walk.changes))


@dataclass
class _Walk:
    """One pass through a document; what is not changed is returned as it is."""

    reach: Reach
    changes: list[str] = field(default_factory=list)

    def node(self, node: Json) -> Json:
        if isinstance(node, dict):
            return self._object(node)
        if isinstance(node, list):
            return self._same_or(node, [self.node(item) for item in node])
        return node

    def _object(self, node: Mapping[str, Json]) -> Json:
        kind = node.get("type")
        if isinstance(kind, str) and kind.casefold() == "url":
            self._check_url(node.get("url"), "GET")
        # What the agent's own tools are given is between it and them, and is never fetched.
        skipped = _NOT_WALKED.get(kind if isinstance(kind, str) else "custom")
        changed = {name: value if name == skipped else self._member(name, value) for name, value in node.items()}
        _check_choice(node.get("tool_choice"), before=node.get("tools"), after=changed.get("tools"))
        return node if all(changed[name] is value for name, value in node.items()) else changed

    def _member(self, name: str, value: Json) -> Json:
        if name == "tools" and isinstance(value, list):
            return self._same_or(value, [tool for item in value for tool in self._tool(item)])
        if name == "mcp_servers" and isinstance(value, list):
            for item in value:
                if isinstance(item, dict) and "url" in item:
                    self._check_url(item["url"], "POST")
            return value
        return self.node(value)

    def _check_url(self, url: Json, method: str) -> None:
        if not isinstance(url, str) or not self.reach.allows(method, url):
            raise Refused(Reason.REMOTE_URL_NOT_ALLOWED, f"{method} is needed")

    def _tool(self, tool: Json) -> tuple[Json, ...]:
        """A tool as it may leave; nothing for one that would have to be left without limits, or without a use."""
        kind = tool.get("type") if isinstance(tool, dict) else None
        if not isinstance(tool, dict) or not isinstance(kind, str) or kind == "custom":
            return (self.node(tool),)
        if tool.get("blocked_domains"):
            raise Refused(Reason.BLOCKLIST_NOT_SUPPORTED, kind[:100])
        fetching = kind.casefold().startswith(FETCHING)
        listed = tool.get("allowed_domains")
        if not listed and not fetching:
            return (self.node(tool),)
        kept = self._open(listed) if listed else list(self.reach.hosts())
        if kept == listed:
            return (tool,)
        self.changes.append(f"{kind[:100]} {'restricted' if kept else 'removed'}")
        rest = {name: value for name, value in tool.items() if name not in ("allowed_domains", "blocked_domains")}
        return ({**rest, "allowed_domains": kept},) if kept else ()

    def _open(self, listed: Json) -> list[Json]:
        if not isinstance(listed, list):
            raise Refused(Reason.BAD_TOOL_DOMAIN, "not a list")
        kept: list[Json] = []
        for domain in listed:
            try:
                if not isinstance(domain, str):
                    raise BadDomain
                if self.reach.covers(domain):
                    kept.append(domain)
            except BadDomain:
                shown = domain[:100] if isinstance(domain, str) else "not a string"
                raise Refused(Reason.BAD_TOOL_DOMAIN, shown) from None
        return kept

    @staticmethod
    def _same_or(before: Sequence[Json], after: list[Json]) -> Json:
        same = len(before) == len(after) and all(a is b for a, b in zip(before, after, strict=True))
        return before if same else after


def _check_choice(choice: Json, *, before: Json, after: Json) -> None:
    """A choice of a tool that is not there any more is refused: the service would say something stranger."""
    name = choice.get("name") if isinstance(choice, dict) else None
    if isinstance(name, str) and name in _names(before) and name not in _names(after):
        raise Refused(Reason.SERVER_TOOL_NOT_ALLOWED, name[:100])


def _names(tools: Json) -> Iterable[Json]:
    return [tool.get("name") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
