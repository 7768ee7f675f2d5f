"""Which repository a node id belongs to. The real ids are of public objects, and say which."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.github.node_ids import ACCOUNT, Home, homes
from tests.proxy.github.ids import new, old, packed

GO, KUBERNETES = 23096959, 20580498
OF_REPOSITORY = [
    ("R_kgDOAWBufw", GO),
    ("I_kwDOAWBuf84DDmhc", GO),
    ("PR_kwDOAWBuf84Bh4UQ", GO),
    ("IC_kwDOAWBuf84D78lV", GO),
    ("PRR_kwDOAToIks4ACauz", KUBERNETES),
    ("PRRT_kwDOAToIks4CZUT4", KUBERNETES),
    ("PRRC_kwDOAToIks4Dmt1A", KUBERNETES),
    ("REF_kwDOAWBuf7FyZWZzL2hlYWRzL21hc3Rlcg", GO),
    ("C_kwDOAWBuf9oAKGYyMWJlMmZkYzZmMWJlY2RiZWQxNTkyZWEwYjI0NWNkZWVkYzVhYzg", GO),
    ("PURC_lADOAWBuf84Bh4UQ2gAoZjk4MWJmOGUyMGMxMzk0NmM2MjdkYzg0MWNlZGJlMWE2OTQ5MTdkNg", GO),
    ("TA_kwDOAToIktoAKDJkOWYzOTcyODc2MzFlZDBhYTJlZTNiZDc1NjVmNmRhYWE0YTZhNzY", KUBERNETES),
    ("RE_kwDOAToIks4ACZFR", KUBERNETES),
    ("LA_kwABEw", 1),
    ("MDEwOlJlcG9zaXRvcnkyMzA5Njk1OQ==", GO),
    ("MDEwOlJlcG9zaXRvcnkyMzA5Njk1OQ", GO),
    ("MDM6UmVmMjMwOTY5NTk6cmVmcy9oZWFkcy9tYXN0ZXI=", GO),
    ("MDY6Q29tbWl0MjMwOTY5NTk6ZjIxYmUyZmRjNmYxYmVjZGJlZDE1OTJlYTBiMjQ1Y2RlZWRjNWFjOA==", GO),
    ("MDM6VGFnMjA1ODA0OTg6MmQ5ZjM5NzI4NzYzMWVkMGFhMmVlM2JkNzU2NWY2ZGFhYTRhNmE3Ng==", KUBERNETES),
    (new("I", 0, 2**40, 7), 2**40),
    (new("I", 0, 127, 7), 127),
    (new("I", 0, 128, 7), 128),
    (old("Blob", "7:abc"), 7),
    (old("Tree", "7:abc"), 7),
]
OF_ACCOUNTS = ["U_kgDOAIK4fw", "O_kgDOAEHT7A", "BOT_kgDOAvZaBQ", "U_kgAB"]
OF_ACCOUNTS += ["MDQ6VXNlcjg1NjY5MTE=", "MDM6Qm90NDk2OTkzMzM=", "MDEyOk9yZ2FuaXphdGlvbjQzMTQwOTI="]
NO_READING = [
    "",
    "7",
    "R_",
    "R_kgDO",  # cut short
    "R_kgDOAWBufw==",
    "R_kgDOAWBufx",  # spare bits: another text for the same bytes
    "R_kgDOAWBufwA",  # more than the array
    "r_kgDOAWBufw",
    "R_kwDOAWBuf84DDmhc",  # an issue's array under a repository's prefix
    "I_kgDOAWBufw",  # and the reverse
    "U_kwDOAWBuf84DDmhc",
    "T_kwDOAWBuf84DDmhc",  # a team: its first number is an organization's
    "PVT_kwDOAWBuf84DDmhc",
    "PVTI_lADOABCD1122311223",
    "PRO_kwLOAWBuf84ANtZO",
    "XYZ_kwDOAWBuf84DDmhc",
    "M_kgDOA3OWmQ",
    "LAN_kgDMvg",
    "L_kgCsYnNkLTMtY2xhdXNl",
    new("I", 2, GO, 7),  # another version of the array
    new("I", "0", GO, 7),
    new("I", 0, str(GO), 7),
    "MDU6SXNzdWU1MTI3NTg2OA==",  # older ids of issues do not say which repository
    "MDExOlB1bGxSZXF1ZXN0MjU2NTg2NDA=",
    "MDEwOlJlcG9zaXRvcnkyMzA5Njk1OQ===",
    " MDEwOlJlcG9zaXRvcnkyMzA5Njk1OQ==",
    "MDEwOlJlcG9zaXRvcnkyMzA5Njk1OQ==\n",
    old("Repository", "7:abc"),
    old("Repository", ""),
    old("Repository", " 7"),
    old("Repository", "٧"),
    old("Ref", ":refs/heads/main"),
    old("Commit", "abc"),
    base64.b64encode(b"10:Repository7").decode(),
    base64.b64encode(b"09:Repository7").decode(),
    base64.b64encode(b"012:Repository7").decode(),
    "ünïcode",
    "R_ünïcode",
]


@pytest.mark.parametrize(("node_id", "repository"), OF_REPOSITORY, ids=lambda value: str(value)[:30])
def test_an_object_of_a_repository(node_id: str, repository: int) -> None:
    assert homes(node_id) == {repository}


@pytest.mark.parametrize("node_id", OF_ACCOUNTS)
def test_an_account(node_id: str) -> None:
    assert homes(node_id) == {ACCOUNT}


@pytest.mark.parametrize("node_id", NO_READING, ids=lambda value: ascii(value)[:30])
def test_what_cannot_be_told(node_id: str) -> None:
    assert homes(node_id) == frozenset[Home]()


def test_the_array_is_read_like_messagepack() -> None:
    assert packed(0, 23096959, "refs/heads/master").hex() == "9300ce01606e7fb1" + b"refs/heads/master".hex()


NUMBERS = st.integers(1, 2**63 - 1)


@given(number=NUMBERS, key=st.one_of(NUMBERS, st.text(max_size=80)), prefix=st.sampled_from(["I", "PR", "REF", "C"]))
def test_any_object_of_a_repository(number: int, key: int | str, prefix: str) -> None:
    assert homes(new(prefix, 0, number, key)) == {number}
    assert homes(new("R", 0, number)) == homes(old("Repository", str(number))) == {number}


@given(st.one_of(st.text(), st.from_regex(r"[A-Z]{1,4}_[A-Za-z0-9_-]{0,40}", fullmatch=True)))
def test_any_text_has_a_reading_or_none(text: str) -> None:
    assert len(homes(text)) <= 2
