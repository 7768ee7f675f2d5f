"""How values look."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from airut.dashboard import shown

AT = datetime(2026, 3, 2, 23, 30, 5, tzinfo=timezone(timedelta(hours=-2)))


def test_a_moment_is_readable_without_a_script_and_exact_under_the_mouse() -> None:
    assert shown.moment(AT) == (
        '<time datetime="2026-03-03T01:30:05+00:00" title="2026-03-03 01:30:05 UTC">2026-03-03 01:30 UTC</time>'
    )
    assert shown.moment(None) == '<span class="none">never</span>'
    assert shown.moment(AT) == shown.moment(AT.astimezone(UTC))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (59, "59 s"), (725, "12 min 5 s"), (3600, "1 h"), (90061, "1 d 1 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert shown.duration(seconds) == text


@pytest.mark.parametrize(
    ("usd", "text"), [(0.0, "$0.00"), (0.0042, "$0.0042"), (0.25, "$0.25"), (1234.5, "$1,234.50"), (None, "–")]
)
def test_money(usd: float | None, text: str) -> None:
    assert shown.money(usd).striptags() == text


@pytest.mark.parametrize(("count", "text"), [(12, "12 B"), (2048, "2.0 KiB"), (5 * 1024**5, "5120.0 TiB")])
def test_sizes(count: int, text: str) -> None:
    assert shown.size(count) == text


@pytest.mark.parametrize(
    ("name", "tone", "shape"),
    [
        ("running", "run", "●"),
        ("paused", "hold", "‖"),
        ("success", "good", "●"),
        ("stopped", "hold", "●"),
        ("timed_out", "bad", "✕"),
        ("<script>", "quiet", "●"),
    ],
)
def test_a_state_has_a_shape_and_words_besides_its_colour(name: str, tone: str, shape: str) -> None:
    words = name.replace("_", " ").replace("<", "&lt;").replace(">", "&gt;")
    assert shown.state(name) == f'<span class="state {tone}"><i aria-hidden="true">{shape}</i>{words}</span>'


def test_of_many_moments_only_the_time_of_day_is_shown() -> None:
    assert shown.clock(AT) == (
        '<time class="clock" datetime="2026-03-03T01:30:05+00:00" title="2026-03-03 01:30:05 UTC">01:30:05 UTC</time>'
    )


def test_a_state_can_be_told_in_other_words() -> None:
    assert shown.state("running", "at work") == ('<span class="state run"><i aria-hidden="true">●</i>at work</span>')
