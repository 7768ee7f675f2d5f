"""Checks run side by side, and none of them hides another."""

import asyncio
from collections.abc import Sequence

from airut.errors import SecretError
from airut.models.credentials.redaction import Redactor
from airut.operations.check.finding import Finding, fail, ok
from airut.operations.check.running import Check, run


async def test_each_has_its_end_and_its_words() -> None:
    met = asyncio.Barrier(2)

    async def meets() -> Sequence[Finding]:
        await met.wait()  # hangs unless another runs at the same time
        return [ok("meets", "well"), ok("meets", "twice")]

    async def hangs() -> Sequence[Finding]:
        await asyncio.Event().wait()
        return []

    async def raises() -> Sequence[Finding]:
        raise SecretError("the file holds\n  s3cret-value, it says")

    async def breaks() -> Sequence[Finding]:
        raise ValueError("s3cret-value")

    checks = [Check("meets", meets, ""), Check("hangs", hangs, "wait longer", limit=0.05), Check("meets", meets, "")]
    checks += [Check("raises", raises, "mend it"), Check("breaks", breaks, "tell us")]
    redactor = Redactor()
    redactor.add("s3cret-value")
    well = [ok("meets", "well"), ok("meets", "twice")]
    assert await run(checks, redactor) == (
        *well,
        fail("hangs", "no answer within 0.05 s", "wait longer"),
        *well,
        fail("raises", "the file holds ***, it says", "mend it"),
        fail("breaks", "ValueError: ***", "tell us"),
    )
