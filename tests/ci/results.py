"""Runs to be told of: one that went well, and one in which every text is an attacker's."""

from datetime import UTC, datetime

from airut.ci.result import BlockedRequest, LimitMet, RunResult

PASSED = RunResult(
    sandbox_id="abcdefghijkl",
    command=("make", "test"),
    exit_code=0,
    started=datetime(2026, 11, 1, 12, 30, tzinfo=UTC),
    seconds=12.34,
)
FAILED = PASSED.model_copy(
    update={
        "exit_code": 137,
        "signal": 9,
        "seconds": 83.0,
        "limit": LimitMet.MEMORY,
        "problem": "out of memory: limit 4g, raise limits.memory",
        "blocked": (
            BlockedRequest(
                method="GET",
                url="https://example.com/a",
                reason="host_not_allowed",
                count=3,
                rule='{"host": "example.com", "path": "/a", "methods": ["GET"]}',
            ),
            BlockedRequest(method="CONNECT", url="10.0.0.1:22", reason="private_address", count=1),
        ),
        "policy_changes": (".airut/network-allowlist.yaml",),
    }
)

EVIL = (
    "</code></td></table></pre><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\n\n# heading\n\n[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "| a | b |\n|---|---|\n`code` ***bold*** ~~gone~~ [^1] @root #1 evil@evil.example www.evil.example",
    "\n::error::owned\n::set-output name=x::y\n::add-path::/tmp\n##[error]owned",
    "\r::stop-commands::x\r",
    "%0A::error::owned%0D%3A%2C%25",
    "x,line=9,title=y::z",
    "]]><!--<failure>&lt;&#60;\"'",
    "\x00\x01\x1b[31m\x1b]8;;https://evil.example\x07\u202e\ufffe\udcff",
    "a" * 100_000,
)


def hostile(text: str) -> RunResult:
    """Every text that somebody else may choose is this one."""
    request = BlockedRequest(method=text, url=text, reason=text, count=1, rule=text)
    return FAILED.model_copy(
        update={
            "command": ("sh", "-c", text),
            "problem": text,
            "blocked": (request,) * 60,
            "policy_changes": (text,) * 60,
        }
    )
