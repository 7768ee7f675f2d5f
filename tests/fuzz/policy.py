"""The allowlist file, which a repository's writers write and the host reads."""

from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.policy import rule_set
from airut.models.policy.rules import Sandbox
from airut.models.values.located import PolicyErrors
from proxy import rules_document

ALLOWLISTS = (
    b'presets: [anthropic, {name: github, access: write}]\ndomains: ["*.example.com", docs.python.org]\n',
    b"url_prefixes:\n  - {host: a.test, path: /v1/*, methods: [GET], query: {page: '*'}, ports: [8443], schemes: [https]}\n",
    b"url_prefixes:\n  - host: a.test\n    graphql: {queries: [viewer], mutations: []}\n    addresses: [10.0.0.0/8]\n",
)
WORDS = (
    b"presets:", b"domains:", b"url_prefixes:", b"host:", b"path:", b"- ", b": ", b"\n  ", b"&a", b"*a", b"!!python/object",
    b"<<: ", b"[", b"]", b"{", b"}", b"'", b'"', b"#", b"|", b">", b"0x1F", b"null", b"../", b"%2e", b"\xef\xbb\xbf", b"\0",
)  # fmt: skip
SANDBOX = Sandbox(id="sb", thread="t", task="t/task-1", attempt=1)


def allowlist(data: bytes) -> None:
    """It is refused with what is wrong where, or makes rules that the proxy reads."""
    try:
        read = parse_allowlist(data.decode("utf-8", "replace"), "f")
        made = rule_set(
            read, granted_presets=(), repository="acme/web", credentials=(), sandbox=SANDBOX, listen="10.199.0.2",
            private_ranges=("10.0.0.0/8",),
        )  # fmt: skip
    except PolicyErrors as errors:
        assert errors.problems  # noqa: PT017 - it may also be right
        return
    rules_document.parse(made.to_wire())
