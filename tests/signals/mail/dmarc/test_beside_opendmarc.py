"""Our verdict beside OpenDKIM's and OpenDMARC's, on the same mails and the same DNS. It may be stricter only.

`pytest -s` prints the table.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from airut.models.mail.settings import MailAuth
from signals.mail.auth import ReceivedMail, authenticate
from signals.mail.header import parse_header_block
from signals.mail.verdict import Refused
from tests.signals.mail.dmarc import senders, signatures
from tests.signals.mail.dmarc.rows import Row
from tests.signals.mail.dmarc.zone import ZONE
from tests.support.opendmarc import AUTHSERV_ID, Judges, running_judges

ROWS = (*signatures.ROWS, *senders.ROWS)


class Zone:
    async def txt(self, name: str) -> tuple[bytes, ...]:
        return ZONE.get(name, ())


@pytest.fixture(scope="module")
def judges() -> Iterator[Judges]:
    with running_judges(ZONE) as judges:
        yield judges


@pytest.fixture(scope="module", autouse=True)
def heading() -> None:
    print(f"\n| {'mail':<45} | {'ours':<15} | {'OpenDKIM':<9} | {'OpenDMARC':<9} | stricter, because")


async def ours(raw: bytes, mode: str) -> str:
    settings = MailAuth.model_validate(
        {"mode": mode, "authorized_senders": ("*@example.org",), "trusted_authserv_id": (AUTHSERV_ID,)}
    )
    mail = ReceivedMail(raw=raw, header=parse_header_block(raw), internal_date=datetime.now(UTC))
    verdict = await authenticate(mail, settings, Zone())
    return verdict.reason if isinstance(verdict, Refused) else type(verdict).__name__


def said(method: str, fields: tuple[str, ...]) -> str:
    """The results of one method in the fields that the programs wrote."""
    without_comments = " ".join(re.sub(r"\([^()]*\)", "", field) for field in fields)
    return ",".join(re.findall(rf"[; ]{method}=(\w+)", without_comments))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_row(row: Row, judges: Judges) -> None:
    judged = judges.judge(row.raw)
    verified = await ours(row.raw, "verify")
    dmarc = said("dmarc", judged.dmarc)
    print(f"| {row.name:<45} | {verified:<15} | {said('dkim', judged.dkim):<9} | {dmarc:<9} | {row.why}")
    assert row == row._replace(
        ours=verified, dkim=said("dkim", judged.dkim), dmarc=dmarc, results=await ours(judged.raw, "results")
    )
    stricter = dmarc == "pass" and verified != "Verified"
    assert bool(row.why) is stricter
    assert verified != "Verified" or dmarc == "pass"
    # What they wrote is believed, unless it is nobody in particular who wrote the mail.
    assert row.results in ("Verified" if dmarc == "pass" else "dmarc_failed", "bad_from")


def test_the_table_is_as_long_as_it_has_to_be() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 50
