"""Which requests are meant for us."""

import pytest

from airut.config.dashboard_settings import DashboardSettings
from airut.dashboard.origin import Caller, caller, host_name, is_same_origin, known_hosts
from airut.models.login import Role


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost:5200", "localhost"),
        ("LocalHost.", "localhost"),
        ("127.0.0.1:5200", "127.0.0.1"),
        ("[::1]:5200", "::1"),
        ("airut.example.org", "airut.example.org"),
        ("", None),
        ("a@localhost", None),
        ("localhost/evil", None),
        ("localhost:port", None),
        ("localhost:5200?x", None),
        ("[::1", None),
    ],
)
def test_the_name_of_a_host_header(header: str, name: str | None) -> None:
    assert host_name(header) == name


LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        (DashboardSettings(), set()),
        (DashboardSettings(host="0.0.0.0"), set()),
        (DashboardSettings(host="10.0.0.5"), {"10.0.0.5"}),
        (DashboardSettings(base_url="https://Airut.example.org/"), {"airut.example.org"}),
        (DashboardSettings(allowed_hosts=("Other.Example.org",)), {"other.example.org"}),
    ],
)
def test_names_under_which_it_answers(settings: DashboardSettings, more: set[str]) -> None:
    assert known_hosts(settings) == LOOPBACK | more


@pytest.mark.parametrize(
    ("method", "headers", "https", "ours"),
    [
        ("GET", {"sec-fetch-site": "cross-site", "origin": "https://evil.test"}, False, True),
        ("POST", {}, False, True),
        ("POST", {"sec-fetch-site": "same-origin"}, False, True),
        ("POST", {"sec-fetch-site": "same-site"}, False, False),
        ("POST", {"sec-fetch-site": "cross-site"}, False, False),
        ("POST", {"sec-fetch-site": "none"}, False, False),
        ("POST", {"origin": "http://localhost:5200"}, False, True),
        ("POST", {"origin": "http://localhost:5200"}, True, False),
        ("POST", {"origin": "https://localhost:5200"}, True, True),
        ("POST", {"origin": "http://localhost:3000"}, False, False),
        ("POST", {"origin": "null"}, False, False),
        ("DELETE", {"sec-fetch-site": "same-origin", "origin": "http://evil.test"}, False, False),
    ],
)
def test_another_sites_page_changes_nothing(method: str, headers: dict[str, str], https: bool, ours: bool) -> None:
    assert is_same_origin(method, {"host": "localhost:5200", **headers}, https) is ours


CLAIMS = {
    "x-forwarded-user": "ann",
    "x-airut-role": "operator",
    "x-forwarded-for": "198.51.100.1, 203.0.113.9",
    "x-forwarded-proto": "https",
}


def test_only_a_trusted_proxy_is_believed() -> None:
    settings = DashboardSettings(trusted_proxies=("10.0.0.0/8",))
    assert caller("192.0.2.1", CLAIMS, settings, "http") == Caller(address="192.0.2.1")
    assert caller("10.1.2.3", CLAIMS, settings, "http") == Caller(
        address="203.0.113.9", https=True, user="ann", role=Role.OPERATOR
    )
    assert caller("10.1.2.3", {"x-forwarded-user": "bob", "x-airut-role": "root"}, settings, "http") == Caller(
        address="10.1.2.3", user="bob", role=Role.VIEWER
    )


@pytest.mark.parametrize(
    ("settings", "wants"),
    [
        (DashboardSettings(), False),
        (DashboardSettings(host="::1"), False),
        (DashboardSettings(host="0.0.0.0"), True),
        (DashboardSettings(host="10.0.0.5"), True),
        (DashboardSettings(base_url="https://airut.example.org"), True),
        (DashboardSettings(base_url="http://localhost:5200"), False),
        (DashboardSettings(allowed_hosts=("airut.example.org",)), True),
        (DashboardSettings(allowed_hosts=("airut.example.org",), auth="none"), False),
        (DashboardSettings(auth="token"), True),
    ],
)
def test_who_reaches_it_from_elsewhere_logs_in(settings: DashboardSettings, wants: bool) -> None:
    assert settings.wants_login is wants
