"""`dashboard` of airut.yaml."""

import os

import pytest
from pydantic import ValidationError

from airut.config.dashboard_settings import OPEN_ANYWAY, DashboardSettings


def test_nobody_opens_it_to_others_without_login_by_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OPEN_ANYWAY, raising=False)
    with pytest.raises(
        ValidationError, match=r"auth: none lets everybody in who reaches 0\.0\.0\.0; write auth: token"
    ):
        DashboardSettings(host="0.0.0.0", auth="none")
    assert DashboardSettings(host="127.0.0.1", auth="none").wants_login is False
    monkeypatch.setitem(os.environ, OPEN_ANYWAY, "1")
    assert DashboardSettings(host="0.0.0.0", auth="none").wants_login is False


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:5200"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
        ({"base_url": "https://airut.example.org/"}, "https://airut.example.org"),
    ],
)
def test_the_address_that_people_are_given(given: dict[str, object], address: str) -> None:
    assert DashboardSettings.model_validate(given).address == address


@pytest.mark.parametrize("url", ["airut.example.org", "ftp://a.test", "https://a.test/?x=1", "https://u:p@a.test"])
def test_an_address_is_one_of_a_web_site(url: str) -> None:
    with pytest.raises(ValidationError):
        DashboardSettings(base_url=url)
