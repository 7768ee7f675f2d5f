"""Checks side by side, each for a limited time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from airut.errors import AirutError
from airut.models.credentials.redaction import Redactor
from airut.operations.check.finding import Finding, fail

LIMIT = 20.0
"""Seconds for one check, unless it says otherwise: a connection (15 s at most) and a few answers."""


@dataclass(frozen=True)
class Check:
    """`run` raises where it has nothing better to say."""

    name: str
    run: Callable[[], Awaitable[Sequence[Finding]]]
    remedy: str
    """For when it does not end well."""
    limit: float = LIMIT


async def run(checks: Sequence[Check], redactor: Redactor) -> tuple[Finding, ...]:
    """All of them at once; findings in the order of the checks. No secret stands in any."""
    found = await asyncio.gather(*(_one(check) for check in checks))
    return tuple(
        finding.model_copy(update={"says": redactor.text(finding.says), "remedy": redactor.text(finding.remedy)})
        for findings in found
        for finding in findings
    )


async def _one(check: Check) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(check.limit):
            return await check.run()
    except TimeoutError:
        return [fail(check.name, f"no answer within {check.limit:g} s", check.remedy)]
    except AirutError as error:
        return [fail(check.name, _line(str(error)), check.remedy)]
    except Exception as error:  # process boundary: one check that breaks must not hide the others
        return [fail(check.name, _line(f"{type(error).__name__}: {error}"), check.remedy)]


def _line(text: str) -> str:
    """On one line of bearable length."""
    return " ".join(text.split())[:500]
