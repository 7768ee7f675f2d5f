"""Values change, surrogates stay."""

from airut.models.credentials.aws import AwsCredential, aws_for_sandbox
from airut.models.credentials.kinds import AnySandboxCredential, Credential, SandboxCredential, for_sandbox
from airut.models.credentials.secret import Secret
from airut.models.policy.policy import rule_set
from airut.models.policy.rotation import renewed
from airut.models.policy.rules import RuleCredential, RulePart, RuleSet, Sandbox

KEY = b"k" * 32
ID, KEY_ID = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def token(name: str, value: str) -> SandboxCredential:
    return for_sandbox(name, Credential(value=Secret(value), hosts=("a.test",)), key=KEY, thread="t", repo="r")


def aws(secret: str, session: str | None) -> AnySandboxCredential:
    credential = AwsCredential(
        kind="aws",
        access_key_id=Secret(ID),
        secret_access_key=Secret(secret),
        session_token=None if session is None else Secret(session),
        hosts=("b.test",),
    )
    return aws_for_sandbox("AWS", credential, key=KEY, thread="t", repo="r")


def rules(*credentials: AnySandboxCredential) -> RuleSet:
    sandbox = Sandbox(id="s", thread="t", task="t/task-1", attempt=1)
    return rule_set(
        None,
        granted_presets=(),
        repository="acme/web",
        credentials=credentials,
        sandbox=sandbox,
        listen="10.0.0.2",
    )


def shown(found: RuleSet) -> list[tuple[str, str | None]]:
    """Every surrogate, with the value that it is swapped for."""
    parts: list[RuleCredential | RulePart] = [
        *found.credentials,
        *(part for each in found.aws for part in each.parts()),
    ]
    return [(each.surrogate, None if each.value is None else each.value.reveal()) for each in parts]


SESSION = "IQoJb3JpZ2luX2VjE" + "x7" * 40


def test_every_value_is_the_one_of_now_and_every_surrogate_the_one_of_before() -> None:
    before = rules(token("A", "ghp_" + "R" * 36), token("B", "b" * 40), aws(KEY_ID, SESSION))
    now = (aws(KEY_ID[::-1], SESSION[::-1]), token("A", "quite-another-shape"), token("B", "b" * 40))
    found = renewed(RuleSet.model_validate_json(before.to_wire()), now)
    surrogates = [surrogate for surrogate, _ in shown(before)]
    values = ["quite-another-shape", "b" * 40, ID, KEY_ID[::-1], SESSION[::-1]]
    assert shown(found) == list(zip(surrogates, values, strict=True))
    assert found.digest == before.digest
    again = renewed(RuleSet.model_validate_json(found.to_wire()), now)
    assert again.to_wire() == found.to_wire()


def test_what_is_not_configured_any_more_has_no_value_and_what_is_new_is_not_known_here() -> None:
    found = renewed(rules(token("A", "a" * 40), aws(KEY_ID, SESSION)), [token("B", "b" * 40)])
    assert [value for _, value in shown(found)] == [None, None, None, None]


def test_keys_that_need_a_session_token_from_now_on_get_it_added() -> None:
    found = renewed(rules(aws(KEY_ID, None)), [aws(KEY_ID, SESSION)])
    assert [value for _, value in shown(found)] == [ID, KEY_ID, SESSION]


def test_a_value_that_cannot_be_had_is_none() -> None:
    missing = token("A", "a" * 40).model_copy(update={"value": None})
    assert shown(renewed(rules(token("A", "a" * 40)), [missing])) == [(token("A", "a" * 40).surrogate, None)]
