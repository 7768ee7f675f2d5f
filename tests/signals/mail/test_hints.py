import pytest

from airut.models.threads.message import Hints
from signals.mail.hints import HintedText, read_hints

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
            "Model: sonnet\neffort:low\n\ndo it",
            ("agent+opus@airut.test",),
            HintedText(text="do it", hints=Hints(model="sonnet", effort="low")),
        ),
        ("model: opus\ndo it\neffort: high", (), HintedText(text="do it\neffort: high", hints=Hints(model="opus"))),
        (
            "effort: enormous\n\ndo it",
            (),
            HintedText(
                text="do it",
                notes=(
                    "`effort: enormous` was not understood and not used; allowed are low, medium, high, xhigh, max",
                ),
            ),
        ),
        ("do it\nmodel: opus", (), HintedText(text="do it\nmodel: opus")),
        ("model: Opus[1m]\ndo it", (), HintedText(text="do it", hints=Hints(model="opus[1m]"))),
        ("effort: xhigh\ndo it", (), HintedText(text="do it", hints=Hints(effort="xhigh"))),
        *(
            (f"budget: {value}\n\ndo it", (), HintedText(text="do it", hints=Hints(budget=amount)))
            for value, amount in (
                ("20", 20.0),
                ("$5.50", 5.5),
                ("$ 7.5", 7.5),
                ("20 USD", 20.0),
                ("20usd", 20.0),
                ("5$", 5.0),
                ("**3**", 3.0),
                ("0.01", 0.01),
                ("1000000", 1_000_000.0),
            )
        ),
        *(
            (
                f"Budget: {bad}\n\ndo it",
                (),
                HintedText(
                    text="do it",
                    notes=(
                        f"`Budget: {bad}` was not understood and not used; write US dollars, such as `budget: 5` or "
                        "`budget: 7.50`",
                    ),
                ),
            )
            for bad in ("0", "-5", "5,50", "1e3", "nan", "inf", "9999999", "5.001", "20 EUR", "lots", "٢٠", "5 6")
        ),
        (
            "model: opus\nbudget: 20\neffort: low\n\nbudget: 5",
            (),
            HintedText(text="budget: 5", hints=Hints(model="opus", budget=20, effort="low")),
        ),
        ("do it\nbudget: 5", (), HintedText(text="do it\nbudget: 5")),
        *(
            (
                f"model: {bad}\ndo it",
                (),
                HintedText(text="do it", notes=(f"`{f'model: {bad}'[:80]}` was not understood and not used",)),
            )
            for bad in (
                "--dangerously-skip-permissions",
                "-p",
                "opus --settings=x",
                "opus;ls",
                "opus:1",
                "ópus",
                "o" * 101,
            )
        ),
        ("do it", ("agent+-p@airut.test",), HintedText(text="do it", notes=("`+-p` was not understood and not used",))),
        (
            "do it",
            ("agent+-p.high@airut.test",),
            HintedText(text="do it", notes=("`+-p.high` was not understood and not used",)),
        ),
        ("do it", ("agent+@airut.test",), HintedText(text="do it")),
    ],
)
def test_hints(text: str, recipients: tuple[str, ...], expected: HintedText) -> None:
    assert read_hints(text, recipients, OURS) == expected
