import pytest

from airut.models.message import Hints
from signals.mail_hints import HintedText, read_hints

OURS = ("agent@airut.test",)


@pytest.mark.parametrize(
    ("text", "recipients", "expected"),
    [
        ("do it", (), HintedText(text="do it")),
        ("do it", ("agent+opus@airut.test",), HintedText(text="do it", hints=Hints(model="opus"))),
        (
            "do it",
            ("Agent+Claude-Opus-4.1.high@airut.test",),
            HintedText(text="do it", hints=Hints(model="claude-opus-4.1", effort="high")),
        ),
        ("do it", ("agent+opus.huge@airut.test",), HintedText(text="do it", hints=Hints(model="opus.huge"))),
        ("do it", ("agent+t-abcdefghij234567@airut.test", "bob+opus@x.org"), HintedText(text="do it")),
        (
            "Model: sonnet\neffort:low\nbudget: $5.50\n\ndo it",
            ("agent+opus@airut.test",),
            HintedText(text="do it", hints=Hints(model="sonnet", effort="low", budget_usd=5.5)),
        ),
        ("model: opus\ndo it\neffort: high", (), HintedText(text="do it\neffort: high", hints=Hints(model="opus"))),
        (
            "effort: enormous\n\ndo it",
            (),
            HintedText(text="do it", notes=("`effort: enormous` was not understood and not used",)),
        ),
        ("do it\nmodel: opus", (), HintedText(text="do it\nmodel: opus")),
    ],
)
def test_hints(text: str, recipients: tuple[str, ...], expected: HintedText) -> None:
    assert read_hints(text, recipients, OURS) == expected
