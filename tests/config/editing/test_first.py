"""What the first form says, as a file."""

import pytest

from airut.config.editing.document import Document
from airut.config.editing.first import first_configuration, suggested_name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/My_Web.App.git", "my-web-app"),
        ("https://github.com/acme/web/", "web"),
        ("https://x.example/é", "repo"),
        ("", "repo"),
        ("https://x.example/" + "a" * 60, "a" * 40),
    ],
)
def test_names_follow_from_addresses(url: str, name: str) -> None:
    assert suggested_name(url) == name


def test_what_is_left_out_stays_out() -> None:
    made = first_configuration({"url": " https://x.example/a/web ", "name": "shop", "key": "sk-ant-api03-x"})
    assert Document(made.text).value(("repos",)) == {
        "shop": {
            "url": "https://x.example/a/web",
            "agent": {"auth": {"api_key": Document("a: !env ANTHROPIC_API_KEY\n").value(("a",))}},
            "channels": {"console": {}},
        }
    }
    assert made.secrets == {"ANTHROPIC_API_KEY": "sk-ant-api03-x"}
    assert "sk-ant" not in made.text
