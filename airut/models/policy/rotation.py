"""A rule set in use, when values of its credentials have changed (spec: credentials §9)."""

from collections.abc import Iterable

from airut.models.credentials.aws import SandboxAwsCredential
from airut.models.credentials.github_app import SandboxGithubApp
from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.policy.policy import repository_scope, rule_aws, rule_credential
from airut.models.policy.rules import RuleAws, RulePart, RuleSet


def renewed(rules: RuleSet, credentials: Iterable[AnySandboxCredential]) -> RuleSet:
    """The same rules with the values of now, by the credentials' names.

    A surrogate stays, since the agent holds it, whatever shape the value has by now. A credential that is not
    configured any more has no value; one that is new has no surrogate in this sandbox, and so comes with the next.
    """
    found = tuple(credentials)
    aws = {each.name: rule_aws(each) for each in found if isinstance(each, SandboxAwsCredential)}
    values = {each.name: rule_credential(each).value for each in found if not isinstance(each, SandboxAwsCredential)}
    apps = {each.name: repository_scope(each).repositories for each in found if isinstance(each, SandboxGithubApp)}
    return rules.model_copy(
        update={
            "credentials": tuple(
                rule.model_copy(update={"value": values.get(rule.name)}) for rule in rules.credentials
            ),
            "aws": tuple(_aws(rule, aws.get(rule.name)) for rule in rules.aws),
            "repository_scopes": tuple(
                scope.model_copy(update={"repositories": apps.get(scope.credential, ())})
                for scope in rules.repository_scopes
            ),
        }
    )


def _aws(rule: RuleAws, now: RuleAws | None) -> RuleAws:
    return rule.model_copy(
        update={
            "access_key_id": _part(rule.access_key_id, None if now is None else now.access_key_id),
            "secret_access_key": _part(rule.secret_access_key, None if now is None else now.secret_access_key),
            "session_token": _token(rule.session_token, None if now is None else now.session_token),
        }
    )


def _token(rule: RulePart | None, now: RulePart | None) -> RulePart | None:
    """Keys that are only now good with a token: the proxy adds what the agent does not know of."""
    return now if rule is None else _part(rule, now)


def _part(rule: RulePart, now: RulePart | None) -> RulePart:
    return rule.model_copy(update={"value": None if now is None else now.value})
