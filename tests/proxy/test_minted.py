"""Credentials that were handed out: kept as long as they are good, and as many as can be searched for."""

import json
from dataclasses import replace

from proxy.aws.credential import S3_SESSION_TOKEN
from proxy.aws.sessions import Session
from proxy.minted import MAX_MINTED, Minted
from proxy.mints import Mint
from proxy.rules_document import parse
from tests.proxy.aws.signers import credential as aws_credential
from tests.proxy.test_rules_document import DOCUMENT
from tests.proxy.test_swap import credential

RULES = replace(parse(json.dumps(DOCUMENT)), credentials=(credential(),), aws=(aws_credential(),))
MINT = Mint(credential(methods=("GET",), headers=("X-Key",)), ("/token",), ("registry.test",), 60)
VALUE = "a-token-that-was-handed-out"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_swapped_for_its_hosts_until_it_ends() -> None:
    clock = Clock()
    minted = Minted(clock)
    assert minted.added_to(RULES) is RULES
    surrogate = minted.token(MINT, VALUE, 60)
    made = replace(
        credential(), name="TOKEN/minted", surrogate=surrogate, value=VALUE, hosts=("registry.test",),
        headers=("Authorization", "X-Key"),
    )  # fmt: skip
    assert minted.added_to(RULES).credentials == (credential(), made)
    clock.now += 59
    assert minted.token(MINT, VALUE, 60) == surrogate  # the same token again: good for longer
    clock.now += 59
    assert minted.added_to(RULES).credentials == (credential(), made)
    clock.now += 1
    assert minted.added_to(RULES) is RULES
    assert minted.named_pairs() == [("TOKEN/minted", VALUE, surrogate)]  # somebody may still repeat it


def test_it_goes_with_the_credential_it_came_from() -> None:
    minted = Minted()
    minted.token(MINT, VALUE, 60)
    gone = replace(RULES, credentials=())
    assert minted.added_to(gone) is gone


def test_what_ends_first_makes_room() -> None:
    minted = Minted(Clock())
    for number in range(MAX_MINTED + 5):
        minted.token(MINT, f"{VALUE}-{number}", 60 + number)
    assert [value for _, value, _ in minted.named_pairs()] == [f"{VALUE}-{n}" for n in range(5, MAX_MINTED + 5)]


def test_keys_are_a_credential_to_sign_with() -> None:
    minted = Minted(Clock())
    session = Session(
        "ASIAHANDEDOUTHANDEDO", "handed/out+handed/out", "token/handed+out/token==", S3_SESSION_TOKEN, 2_000
    )
    made = minted.keys(aws_credential(), session)
    assert minted.added_to(RULES).aws == (aws_credential(), made)
    assert [part.value for part in made.parts()] == [session.key_id, session.secret, session.token]
    assert (made.name, made.token_field, made.hosts) == ("AWS/minted", S3_SESSION_TOKEN, ("*.amazonaws.com",))
    assert made.key_id.surrogate.startswith("ASIA")
    assert session.secret not in repr(session)
