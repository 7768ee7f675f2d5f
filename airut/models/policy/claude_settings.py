"""Which settings of Claude Code may be given from outside (https://code.claude.com/docs/en/settings). Pure."""

import json
from collections.abc import Iterator, Mapping

_INSTEAD = {
    "apiKeyHelper": "agent.auth says who pays",
    "awsAuthRefresh": "agent.auth says who pays",
    "awsCredentialExport": "agent.auth says who pays",
    "forceLoginMethod": "agent.auth says who pays",
    "env": "repos.<name>.env sets variables",
    "model": "agent.model chooses it",
    "effortLevel": "agent.effort chooses it",
    "gcpAuthRefresh": "agent.auth says who pays",
    "otelHeadersHelper": "it would run unasked",
    "statusLine": "it would run unasked, and nobody sees it",
    "enabledPlugins": "plugins bring hooks, which would run unasked; agent.mcp_servers adds tools",
    "extraKnownMarketplaces": "plugins bring hooks, which would run unasked; agent.mcp_servers adds tools",
    "hooks": "Airut's own are there, and others would run unasked",
    "disableAllHooks": "Airut's own hooks put questions and plans to people",
    "cleanupPeriodDays": "Airut sets it, so that threads can be gone on with",
    "autoMemoryEnabled": "Airut sets it, so that nothing planted is remembered",
    "useAutoModeDuringPlan": "Airut sets it",
}
"""Settings that are not taken, and what there is in their place (https://code.claude.com/docs/en/settings)."""

_OF_PERMISSIONS = ("allow", "ask", "deny", "additionalDirectories")
"""The others choose a mode, which the sandbox makes needless: Airut runs without asking."""


def refused(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Those that are not taken, as `permissions.defaultMode`, each with why, or what there is in its place."""
    for name in given:
        if name in _INSTEAD:
            yield name, _INSTEAD[name]
    permissions = given.get("permissions", {})
    for name in permissions if isinstance(permissions, Mapping) else ():
        if name not in _OF_PERMISSIONS:
            yield f"permissions.{name}", "tools run without asking; deny what must not run"


def allowed(given: dict[str, object]) -> dict[str, object]:
    """Raises: ValueError: one of them is not taken, or cannot be written as JSON."""
    for name, why in refused(given):
        raise ValueError(f"{name} is not taken here: {why}")
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("only texts, numbers, true, false, null, lists and maps, and no tags") from None
    return given


def united(theirs: Mapping[str, object], ours: Mapping[str, object]) -> dict[str, object]:
    """Ours where both have one, save lists and maps, which are united: what either denies is denied."""
    merged: dict[str, object] = {**theirs, **ours}
    for name in theirs.keys() & ours.keys():
        first, second = theirs[name], ours[name]
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            merged[name] = united(first, second)
        elif isinstance(first, list | tuple) and isinstance(second, list | tuple):
            merged[name] = [*first, *(item for item in second if item not in first)]
    return merged
