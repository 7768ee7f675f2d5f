"""What `budgets:` and `timezone:` mean for one repository."""

import pytest
from pydantic import ValidationError

from airut.config.budgets import ConfiguredBudgets
from airut.config.schema import Config
from airut.errors import ConfigError
from airut.models.budgets.budget import Budgets

REPO = {
    "url": "https://github.com/acme/web.git",
    "channels": {"console": {}},
    "agent": {"auth": {"api_key": "sk-ant-api03-" + "r" * 95}},
}
USUAL = Budgets(per_task=10, per_thread=100, per_author_day=100, per_day=500)
BY_DAY_OFF = {"per_author_day": None, "per_day": None}


def rules(everywhere: dict[str, object] | None = None, **repo: object) -> ConfiguredBudgets:
    return ConfiguredBudgets(
        Config.model_validate({"config_version": 1, "budgets": everywhere or {}, "repos": {"web": {**REPO, **repo}}})
    )


@pytest.mark.parametrize(
    ("everywhere", "own", "expected"),
    [
        ({}, {}, USUAL),
        ({"per_task": 5}, {}, USUAL.model_copy(update={"per_task": 5.0})),
        (
            {"per_task": 5, "per_day": 50},
            {"per_task": 20},
            USUAL.model_copy(update={"per_task": 20.0, "per_day": 50.0}),
        ),
        ({"per_thread": 5}, {"per_thread": None}, USUAL.model_copy(update={"per_thread": None})),
        ({"per_task_max": 30}, {}, USUAL.model_copy(update={"per_task_max": 30.0})),
        ({"per_task": None, **BY_DAY_OFF}, {"per_thread": None}, Budgets()),
        # A key of the repository goes with the global ones, also where those alone would not do.
        ({"per_task": None}, {"per_task": 3}, USUAL.model_copy(update={"per_task": 3.0})),
    ],
)
def test_a_repositorys_own_keys_are_laid_over_the_global_ones(
    everywhere: dict[str, object], own: dict[str, object], expected: Budgets
) -> None:
    assert rules(everywhere, budgets=own).budgets("web") == expected


def test_money_does_not_count_with_a_subscription() -> None:
    found = rules({"per_task": 5}, agent={"auth": {"oauth_token": "sk-ant-oat01-" + "r" * 95}})
    assert found.budgets("web") == Budgets(subscription=True)


@pytest.mark.parametrize(
    ("budgets", "told"),
    [
        ({"per_task": None}, "budgets of repos.web: per_author_day and per_day need per_task"),
        ({"per_task": None, "per_day": None}, "set it, or set both to null"),
        ({"per_task": 20, "per_task_max": 15}, "per_task_max 15 is below per_task 20; raise it, or leave it out"),
        ({"per_task": 0}, "greater than or equal to 0.01"),
        ({"per_day": -1}, "greater than or equal to 0.01"),
        ({"per_day": float("nan")}, "finite number"),
        ({"per_day": float("inf")}, "finite number"),
        ({"per_day": 2_000_000}, "less than or equal to 1000000"),
        ({"on_exceed": "pause"}, "Extra inputs are not permitted"),
    ],
)
@pytest.mark.parametrize("globally", [True, False])
def test_mistakes_are_named_with_a_remedy(budgets: dict[str, object], told: str, globally: bool) -> None:
    with pytest.raises(ValidationError) as raised:
        rules(budgets) if globally else rules(budgets=budgets)
    assert told in str(raised.value)


def test_time_zones() -> None:
    assert rules().timezone("web") == "UTC"
    assert rules(timezone="Europe/Berlin").timezone("web") == "Europe/Berlin"
    with pytest.raises(ValidationError, match="'Berlin' is no IANA time zone"):
        rules(timezone="Berlin")


def test_a_paused_repository_and_a_number_at_once() -> None:
    repo = {"web": {**REPO, "paused": True}, "api": REPO}
    config = Config.model_validate({"config_version": 1, "execution": {"per_repo": 3}, "repos": repo})
    rules = ConfiguredBudgets(config)
    assert (rules.hold("web"), rules.hold("api")) == ("web is paused by its operator", "")
    assert (rules.at_once("web"), rules.of_author("web")) == (3, 20)
    with pytest.raises(ConfigError):
        rules.at_once("nobody")


def test_a_repository_that_was_taken_out_is_named() -> None:
    for lookup in (rules().budgets, rules().timezone):
        with pytest.raises(ConfigError, match="repository api is not configured on this host any more"):
            lookup("api")
