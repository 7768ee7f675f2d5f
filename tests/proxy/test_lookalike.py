"""Surrogates made at run time: as long as what they stand for, and nothing of it but what clients read."""

import base64
import json
import re

import pytest

from proxy.lookalike import lookalike

HEADER = base64.urlsafe_b64encode(b'{"alg":"RS256"}').decode().rstrip("=")


def jwt(claims: object) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{HEADER}.{encoded}.c2lnbmF0dXJlLW9mLXRoZS1yZWdpc3RyeQ"


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("ASIAABCDEFGHIJKLMNOP", r"ASIA[A-Z2-7]{16}"),
        ("a1b2c3d4-e5f6/g7h8+i9j0==", r"\w{8}-\w{4}/\w{4}\+\w{4}=="),
        ("short-value", r"airut-[A-Za-z0-9]{26}"),
        ("eyJhbGciOi.not-json.abcdefghijklmnop", r"\w{10}\.\w{3}-\w{4}\.\w{16}"),
        (jwt([1]), r"\w+\.\w+\.\w+"),
    ],
)
def test_shapes(value: str, shape: str) -> None:
    made = {lookalike(value) for _ in range(10)}
    assert len(made) == 10
    assert all(re.fullmatch(shape, found) and value[5:13] not in found for found in made)


def test_a_jwt_keeps_what_clients_read_and_nothing_else() -> None:
    head, claims, signature = lookalike(jwt({"exp": 5, "iat": 1, "sub": "me", "access": ["x"]})).split(".")
    assert (head, json.loads(base64.urlsafe_b64decode(claims + "=="))) == (HEADER, {"exp": 5, "iat": 1})
    assert len(signature) == 34
    assert "c2lnbmF0" not in signature
