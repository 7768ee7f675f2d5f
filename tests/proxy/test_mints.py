"""Which requests are answered with another credential."""

from dataclasses import replace

import pytest

from proxy import mints
from proxy.block import Refused
from proxy.mints import Mint
from proxy.rules import Credential, MintRule
from tests.proxy.test_matching import asked
from tests.proxy.test_minted import RULES
from tests.proxy.test_swap import credential

EXCHANGE = MintRule("/v1/exchange/*", ("/key",), ("other.test",), 600)
SAME_HOST = MintRule("/v1/*/short", ("/short",), (), 60)


def expected(method: str, target: str, *used: str, **given: object) -> Mint | None:
    request = asked(target.encode(), method=method)
    return mints.expected((credential("TOKEN", **given),), request, used)


def registry(parent: Credential) -> Mint:
    return Mint(
        parent, ("/token", "/access_token", "/refresh_token", "/identity_token", "/id_token"), ("api.test",), 60
    )


@pytest.mark.parametrize(
    ("method", "target", "swapped", "is_one"),
    [
        ("GET", "/token?service=r&scope=repository:a/b:pull", True, True),
        ("GET", "/token", False, True),  # a registry's tokens for nobody in particular
        ("GET", "/v2/token/", True, True),
        ("GET", "/TOKEN", True, True),
        ("GET", "/;x/token", True, True),
        ("GET", "/jwt%2Fauth", True, True),
        ("POST", "/oauth2/token", True, True),
        ("POST", "/oauth2/token", False, False),  # with the agent's own password in the body: stays foreign
        ("GET", "/somewhere?scope=x&service=y", True, True),
        ("GET", "/somewhere?scope=x", True, False),
        ("GET", "/repos/a/token", True, False),
        ("HEAD", "/token", False, False),
    ],
)
def test_registries(method: str, target: str, swapped: bool, is_one: bool) -> None:
    wanted = registry(credential()) if is_one else None
    assert expected(method, target, *(["TOKEN"] if swapped else [])) == wanted


def test_named_paths() -> None:
    given: dict[str, object] = {"mints": (EXCHANGE, SAME_HOST)}
    parent = credential("TOKEN", **given)
    assert expected("POST", "/v1/exchange/a", "TOKEN", **given) == Mint(parent, ("/key",), ("other.test",), 600)
    assert expected("POST", "/v1/a/short", "TOKEN", **given) == Mint(parent, ("/short",), ("api.test",), 60)
    both = Mint(parent, ("/key", "/short"), ("other.test", "api.test"), 60)
    assert expected("POST", "/v1/exchange/short", "TOKEN", **given) == both
    assert expected("POST", "/v1/exchange/a", **given) is None
    assert expected("GET", "/token", "TOKEN", kind="claude") is None


def test_nobody_logs_in_at_further_hosts_of_models() -> None:
    with pytest.raises(Refused, match="login at the model's provider"):
        mints.check_login((), asked(b"/v1/oauth/token", host="gw.test", method="POST"), ["gw.*"])


@pytest.mark.parametrize(
    ("host", "method", "target", "blocked"),
    [
        ("api.anthropic.com", "POST", "/v1/oauth/token", True),
        ("console.anthropic.com", "POST", "/v1/oauth/token", True),
        ("platform.claude.com", "GET", "/v1//OAuth/token/", True),
        ("api.anthropic.com", "POST", "/api/oauth/claude_cli/create_api_key", True),
        ("gateway.test", "POST", "/v1/oauth/token", True),
        ("eu.models.test", "POST", "/v1/oauth/token", True),
        ("api.anthropic.com", "GET", "/api/oauth/usage", False),
        ("api.anthropic.com", "POST", "/v1/messages", False),
        ("other.test", "POST", "/v1/oauth/token", False),
    ],
)
def test_nobody_logs_in_at_the_models_provider(host: str, method: str, target: str, blocked: bool) -> None:
    claude = replace(
        RULES, credentials=(credential(kind="claude", hosts=("gateway.test",)),), model_hosts=("*.models.test",)
    )
    request = asked(target.encode(), host=host, method=method)
    if not blocked:
        mints.check_login(claude.credentials, request, claude.model_hosts)
        return
    with pytest.raises(Refused, match="mint_blocked: login at the model's provider"):
        mints.check_login(claude.credentials, request, claude.model_hosts)
