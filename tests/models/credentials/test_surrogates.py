"""credentials.md §2: shape, determinism, and no trace of the original."""

import base64
import json
import re
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from airut.models.credentials.surrogates import OVERLAP, SEPARATORS, surrogate

KEY = bytes(range(32))
BASE62 = string.ascii_letters + string.digits


def make(value: str, *, thread: str = "t-1", repo: str = "acme/web", name: str = "TOKEN", part: str = "value") -> str:
    return surrogate(KEY, thread, repo, name, value, part)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("ghp_" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA2bC4", r"ghp_[A-Za-z0-9]{36}"),
        ("ghs_" + "x9" * 18, r"ghs_[a-zA-Z0-9]{36}"),
        ("github_pat_" + "a1B2" * 5 + "cD_" + "e3F4" * 14 + "gHi", r"github_pat_\w{22}_[A-Za-z0-9]{59}"),
        ("glpat-" + "aB3-dE5_gH7jK9mN1pQ3", r"glpat-[A-Za-z0-9]{3}-[A-Za-z0-9]{3}_[A-Za-z0-9]{12}"),
        ("sk-ant-api03-" + "aB3dE5gH7j_K9mN-1pQ3rS5tU7vW9" + "AA", r"sk-ant-api03-[\w-]{29}AA"),
        ("sk-ant-oat01-" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY" + "AA", r"sk-ant-oat01-[\w-]{29}AA"),
        ("sk-proj-" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY", r"sk-proj-[A-Za-z0-9]{29}"),
        ("xoxb-123456789012-1234567890123-aB3dE5gH7jK9mN1pQ3rS5tU7", r"xoxb-\d{12}-\d{13}-[A-Za-z0-9]{24}"),
        ("npm_" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA2bC4", r"npm_[A-Za-z0-9]{36}"),
        ("pypi-AgEIcHlwaS5vcmcCJD" + "aB3d-E5gH7jK9mN1pQ_3rS5tU7vW9xY", r"pypi-AgEIcHlwaS5vcmc[\w-]{34}"),
        ("AKIAIOSFODNN7EXAMPLE", r"AKIA[A-Z2-7]{16}"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", r"[A-Za-z0-9]{13}/[A-Za-z0-9]{7}/[A-Za-z0-9]{18}"),
        ("0123456789abcdef0123456789abcdef01234567", r"[0-9a-f]{40}"),
        ("0123456789ABCDEF0123456789ABCDEF01234567", r"[0-9A-F]{40}"),
        ("3fa85f64-5717-4562-b3fc-2c963f66afa6", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ("123456789012345678901234567890", r"\d{30}"),
        ("correct horse battery staple!", r"[A-Za-z0-9]{29}"),
    ],
)  # fmt: skip
def test_shapes(value: str, shape: str) -> None:
    made = make(value)
    assert re.fullmatch(shape, made), made
    assert made != value


@pytest.mark.parametrize("value", ["1234", "hunter2", "a-b-c-d-e-f-g", "123456789012345", "ghp_short", "1" * 23])
def test_short_values_get_a_long_surrogate(value: str) -> None:
    assert re.fullmatch(r"airut-[A-Za-z0-9]{26}", make(value))


def jwt(claims: dict[str, object], signature: str = "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA2bC4dE6fG8") -> str:
    def encode(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{encode({'alg': 'RS256'})}.{encode(claims)}.{signature}"


def test_a_jwt_keeps_its_header_and_times_alone() -> None:
    original = jwt({"sub": "someone@example.com", "exp": 1, "iat": 2, "scope": "all"})
    header, claims, signature = make(original).split(".")
    assert header == original.split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {"exp": 1, "iat": 2}
    assert re.fullmatch(r"[A-Za-z0-9]{42}", signature)
    assert signature != original.split(".")[2]


def test_the_same_for_a_whole_thread_and_another_for_everything_else() -> None:
    value = "ghp_" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA2bC4"
    others = {
        make(value, thread="t-2"),
        make(value, repo="acme/api"),
        make(value, name="OTHER"),
        make(value, part="session_token"),
        surrogate(bytes(32), "t-1", "acme/web", "TOKEN", value),
        make(value, thread="t-1a", repo="cme/web"),
    }
    assert make(value) == make(value)
    assert len(others | {make(value)}) == 7


def test_a_rotated_value_of_the_same_shape_keeps_its_surrogate() -> None:
    assert make("ghp_" + "a1B2" * 9) == make("ghp_" + "z9Y8" * 9)


@given(
    value=st.text(st.sampled_from(BASE62 + "".join(sorted(SEPARATORS))), min_size=1, max_size=120),
    thread=st.text(max_size=20),
)
def test_properties(value: str, thread: str) -> None:
    made = make(value, thread=thread)
    assert made != value
    assert made.isascii()
    assert made.isprintable()
    assert " " not in made
    if made.startswith("airut-"):
        assert len(made) == 32
        return
    assume(not value.startswith("eyJ"))
    assert len(made) == len(value)
    assert [c if c in SEPARATORS else "x" for c in made] == [c if c in SEPARATORS else "x" for c in value]
    runs = {value[i : i + OVERLAP] for i in range(len(value) - OVERLAP + 1)}
    prefix = next((p for p in ("github_pat_", "pypi-AgEIcHlwaS5vcmc", "sk-ant-") if value.startswith(p)), "")
    rest = made[len(prefix) :]
    assert not any(rest[i : i + OVERLAP] in runs for i in range(len(rest) - OVERLAP + 1) if not set(rest) <= SEPARATORS)


@given(st.text(min_size=1, max_size=60))
def test_any_text_at_all(value: str) -> None:
    assert re.fullmatch(r"[\x21-\x7e]+", make(value))


def test_the_key_is_long_enough() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        surrogate(b"short", "t", "r", "n", "value")
