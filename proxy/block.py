"""Refusals: why, with which status, and the answer that tells the agent what to change (network.md §8)."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

MAX_PATH = 1_000  # characters of the path in an answer or a log line


class Reason(StrEnum):
    """Every reason a request is not answered by its upstream."""

    HOST_NOT_ALLOWED = "host_not_allowed"
    PATH_NOT_ALLOWED = "path_not_allowed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    QUERY_NOT_ALLOWED = "query_not_allowed"
    SCHEME_NOT_ALLOWED = "scheme_not_allowed"
    PORT_NOT_ALLOWED = "port_not_allowed"
    REQUEST_TARGET_REFUSED = "request_target_refused"
    HOST_MISMATCH = "host_mismatch"
    CONNECT_REFUSED = "connect_refused"
    TRACE_REFUSED = "trace_refused"
    UPSTREAM_ADDRESS_REFUSED = "upstream_address_refused"
    UPSTREAM_CERTIFICATE_INVALID = "upstream_certificate_invalid"
    UPSTREAM_UNREACHABLE = "upstream_unreachable"
    FOREIGN_CREDENTIAL_BLOCKED = "foreign_credential_blocked"
    AWS_RESIGN_FAILED = "aws_resign_failed"
    MINT_BLOCKED = "mint_blocked"
    CREDENTIAL_UNAVAILABLE = "credential_unavailable"
    GRAPHQL_OPERATION_BLOCKED = "graphql_operation_blocked"
    GRAPHQL_REPO_SCOPE_BLOCKED = "graphql_repo_scope_blocked"
    REMOTE_URL_NOT_ALLOWED = "remote_url_not_allowed"
    SERVER_TOOL_NOT_ALLOWED = "server_tool_not_allowed"
    BLOCKLIST_NOT_SUPPORTED = "blocklist_not_supported"
    BAD_TOOL_DOMAIN = "bad_tool_domain"
    BODY_TOO_LARGE_TO_INSPECT = "body_too_large_to_inspect"
    BODY_NOT_INSPECTABLE = "body_not_inspectable"
    MALFORMED_REQUEST = "malformed_request"
    TARGET_TOO_LONG = "target_too_long"
    HEADERS_TOO_LARGE = "headers_too_large"
    BODY_TOO_LARGE = "body_too_large"
    RESPONSE_NOT_INSPECTABLE = "response_not_inspectable"
    INTERNAL_ERROR = "internal_error"


_STATUS = {
    Reason.REQUEST_TARGET_REFUSED: 400,
    Reason.MALFORMED_REQUEST: 400,
    Reason.TRACE_REFUSED: 405,
    Reason.BODY_TOO_LARGE: 413,
    Reason.BODY_TOO_LARGE_TO_INSPECT: 413,
    Reason.TARGET_TOO_LONG: 414,
    Reason.HOST_MISMATCH: 421,
    Reason.HEADERS_TOO_LARGE: 431,
    Reason.UPSTREAM_CERTIFICATE_INVALID: 502,
    Reason.UPSTREAM_UNREACHABLE: 502,
    Reason.RESPONSE_NOT_INSPECTABLE: 502,
    Reason.CREDENTIAL_UNAVAILABLE: 503,
}
RETRY_AFTER = 30  # seconds: about as long as it takes until a credential that expired is there again
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "MKCOL", "MOVE", "COPY")
"""Those that an entry can name."""
_FILE = ".airut/network-allowlist.yaml"
_PROPOSE = f"Propose a change to {_FILE}; it applies to new tasks once it is reviewed and merged."
_MESSAGES = {
    Reason.HOST_NOT_ALLOWED: f"This host is not on the allowlist. {_PROPOSE}",
    Reason.PATH_NOT_ALLOWED: f"This path is not allowed on this host. {_PROPOSE}",
    Reason.METHOD_NOT_ALLOWED: f"The method is not allowed for this path. {_PROPOSE}",
    Reason.QUERY_NOT_ALLOWED: f"The query is not allowed for this path. {_PROPOSE}",
    Reason.SCHEME_NOT_ALLOWED: f"This scheme is not allowed for this host: use https, or name it. {_PROPOSE}",
    Reason.PORT_NOT_ALLOWED: f"This port is not allowed for this host. {_PROPOSE}",
    Reason.REQUEST_TARGET_REFUSED: "A server could read this request target in two ways. Write it without ambiguity.",
    Reason.HOST_MISMATCH: "TLS name, Host or :authority and target must name one host, and a connection serves one.",
    Reason.CONNECT_REFUSED: "There is no proxy to configure here: connect to the host itself.",
    Reason.TRACE_REFUSED: "TRACE is never forwarded.",
    Reason.UPSTREAM_ADDRESS_REFUSED: "The host resolves to an address that is not public. The entry's `addresses` and "
    "the operator's `network.private_ranges` must both allow it.",
    Reason.UPSTREAM_CERTIFICATE_INVALID: "The host's certificate could not be verified, and is always verified.",
    Reason.UPSTREAM_UNREACHABLE: "The request is allowed, but the host could not be reached.",
    Reason.FOREIGN_CREDENTIAL_BLOCKED: "This host takes the credential that was configured for it, and no other one.",
    Reason.AWS_RESIGN_FAILED: "The AWS signature could not be checked and made anew. Sign with the variables that the "
    "sandbox has, and with the clock that it has.",
    Reason.MINT_BLOCKED: "This call would hand out a credential that works outside of the sandbox.",
    Reason.CREDENTIAL_UNAVAILABLE: "The value of this credential cannot be had at the moment; try again in half a "
    "minute. If it stays so, its source is what the operator has to look at.",
    Reason.GRAPHQL_OPERATION_BLOCKED: "This GraphQL operation is not allowed here; `graphql` of the entry says which "
    f"are. {_PROPOSE}",
    Reason.GRAPHQL_REPO_SCOPE_BLOCKED: "The token of this sandbox is for certain repositories, and this operation may "
    "lead to others. Name the repository by owner and name, and its objects by ids or numbers.",
    Reason.REMOTE_URL_NOT_ALLOWED: "The model's service would fetch a URL that the sandbox may not ask for itself. "
    f"{_PROPOSE}",
    Reason.SERVER_TOOL_NOT_ALLOWED: "The request insists on a tool of the model's service for which no allowed host is "
    "left.",
    Reason.BLOCKLIST_NOT_SUPPORTED: "A tool's `blocked_domains` cannot be combined with an allowlist: name "
    "`allowed_domains`, or none.",
    Reason.BAD_TOOL_DOMAIN: "A tool's `allowed_domains` holds something that is not a plain domain, with or without a "
    "path.",
    Reason.BODY_TOO_LARGE_TO_INSPECT: "A body that has to be read before it may leave is over 32 MiB, or too many are "
    "held at once.",
    Reason.BODY_NOT_INSPECTABLE: "A body that has to be read before it may leave is not JSON with one reading.",
    Reason.MALFORMED_REQUEST: "The request does not follow HTTP.",
    Reason.TARGET_TOO_LONG: "The request target is longer than 16 KiB.",
    Reason.HEADERS_TOO_LARGE: "The header section is over 64 KiB or 200 fields.",
    Reason.BODY_TOO_LARGE: "The request body is over 2 GiB.",
    Reason.RESPONSE_NOT_INSPECTABLE: "The response is encoded in a way that cannot be searched for credentials. Ask "
    "for it with `Accept-Encoding: identity`.",
    Reason.INTERNAL_ERROR: "The proxy could not decide, so it refused. Its operator finds the cause in its log.",
}
_ERRORS = {
    Reason.UPSTREAM_UNREACHABLE: "upstream_failed",
    Reason.UPSTREAM_CERTIFICATE_INVALID: "upstream_failed",
    Reason.CREDENTIAL_UNAVAILABLE: "credential_unavailable",
}
_IN_ALLOWLIST = {
    Reason.HOST_NOT_ALLOWED,
    Reason.PATH_NOT_ALLOWED,
    Reason.METHOD_NOT_ALLOWED,
    Reason.QUERY_NOT_ALLOWED,
    Reason.SCHEME_NOT_ALLOWED,
    Reason.PORT_NOT_ALLOWED,
}


class Refused(Exception):
    """Raised by any step of the decision; nothing of the request has left by then."""

    def __init__(self, reason: Reason, detail: str | None = None) -> None:
        super().__init__(reason.value if detail is None else f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Request:
    """As much of the request as its refusal repeats; the path without query."""

    request_id: str
    method: str
    scheme: str
    host: str
    port: int
    path: str


def status(reason: Reason) -> int:
    """403 unless the reason has a status of its own."""
    return _STATUS.get(reason, 403)


def headers(reason: Reason) -> dict[str, str]:
    """The header fields of a refusal, without the framing."""
    later = {"Retry-After": str(RETRY_AFTER)} if reason is Reason.CREDENTIAL_UNAVAILABLE else {}
    return {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "X-Airut-Blocked": reason.value,
        **later,
    }


def body(request: Request, refused: Refused) -> bytes:
    """The JSON body of a refusal."""
    document = {
        "error": _ERRORS.get(refused.reason, "blocked_by_network_allowlist"),
        "reason": refused.reason.value,
        "method": request.method,
        "scheme": request.scheme,
        "host": request.host,
        "port": request.port,
        "path": request.path[:MAX_PATH],
        "request_id": request.request_id,
        "detail": refused.detail,
        "suggestion": suggest(request, refused),
        "message": _MESSAGES[refused.reason],
    }
    return json.dumps(document, ensure_ascii=True).encode() + b"\n"


def message(reason: Reason) -> str:
    """What the reason means, and what to do about it."""
    return _MESSAGES[reason]


def suggest(request: Request, refused: Refused) -> str | None:
    """The YAML of an entry that would allow this request, where an entry is what it lacks."""
    if refused.reason not in _IN_ALLOWLIST:
        return None
    # A JSON string is a YAML string (YAML 1.2 §1.3), so nothing the agent sends can break out of its line.
    lines = [
        "url_prefixes:",
        f"  - host: {_scalar(request.host)}",
        f"    path: {_scalar(_pattern(request.path))}",
    ]
    if request.method in METHODS:
        lines.append(f"    methods: [{_scalar(request.method)}]")
    if request.scheme != "https":
        lines.append(f"    schemes: [{_scalar(request.scheme)}]")
    if request.port != {"https": 443, "http": 80}.get(request.scheme):
        lines.append(f"    ports: [{request.port}]")
    return "\n".join(lines)


def _pattern(path: str) -> str:
    """A path pattern that admits a path in each of its readings (`normalise`), also where the path was cut: from where
    it can be read in two ways, all is admitted."""
    if len(path) >= MAX_PATH:
        path = path[: MAX_PATH - 3].rpartition("/")[0] + "/*"
    odd = [found.start(1) for found in _TWO_WAYS.finditer(path)]
    odd += [found.start() for found in _NOT_ASCII.finditer(path) if not _is_stable(found[0])]
    if odd:
        path = path[: min(odd)] + "*"
    return re.sub("%2A", "*", path, flags=re.IGNORECASE)  # no pattern can name an escaped star


_TWO_WAYS = re.compile("(;|%3F|%23|(?<=/)/)", re.IGNORECASE)  # parameters; what may end a path; a run of slashes
_NOT_ASCII = re.compile(r"(?:%[0-7][0-9A-F]|[^/%])?(?:%[89A-F][0-9A-F])+", re.IGNORECASE)


def _is_stable(escaped: str) -> bool:
    """Whether servers that fold look-alikes leave it as it is."""
    text = unquote(escaped)
    return unicodedata.normalize("NFKC", text) == text


def _scalar(text: str) -> str:
    plain = text.isascii() and text.replace("/", "").replace(".", "").replace("-", "").replace("_", "").isalnum()
    is_word = text.lower() in _YAML_WORDS or text[:1].isdigit() or text.startswith("-")
    return text if plain and not is_word else json.dumps(text)


_YAML_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])  # YAML 1.1 reads these as values
