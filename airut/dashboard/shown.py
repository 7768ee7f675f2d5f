"""How values look in pages: moments, durations, money, states. Pure; what they return is safe to put into HTML."""

from datetime import UTC, datetime

from markupsafe import Markup

from airut.models.tasks.outcome import TaskOutcome
from airut.models.values.visible import clean

_LOOKS = {
    "running": ("run", "●"),
    "idle": ("quiet", "○"),
    "paused": ("hold", "‖"),
    "ended": ("quiet", "–"),
    "serving": ("good", "●"),
    "drained": ("hold", "‖"),
    "away": ("bad", "✕"),
    "connecting": ("hold", "◌"),
    "connected": ("good", "●"),
    "degraded": ("bad", "▲"),
    "ok": ("good", "✓"),
    "warn": ("hold", "▲"),
    "fail": ("bad", "✕"),
    "accepted": ("run", "●"),
    "preparing": ("run", "●"),
    "agent": ("run", "●"),
    "publishing": ("run", "●"),
    "replying": ("run", "●"),
    "awaiting_answer": ("hold", "?"),
    "awaiting_provider": ("hold", "◌"),
    "awaiting_operator": ("hold", "▲"),
    "open": ("good", "●"),
    "merged": ("good", "✓"),
    "closed": ("quiet", "–"),
    "completed": ("good", "✓"),
    "terminated": ("bad", "✕"),
    "canceled": ("hold", "–"),
}
"""A tone and a shape for each state: no state is told by its colour alone."""


def moment(at: datetime | None) -> Markup:
    """A time in UTC; a script shows it in the reader's zone, and this stays its title."""
    if at is None:
        return Markup('<span class="none">never</span>')
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC">{} UTC</time>').format(
        utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M:%S}", f"{utc:%Y-%m-%d %H:%M}"
    )


def clock(at: datetime) -> Markup:
    """The time of day of one of many moments that follow each other."""
    utc = at.astimezone(UTC)
    return Markup('<time class="clock" datetime="{}" title="{} UTC">{} UTC</time>').format(
        utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M:%S}", f"{utc:%H:%M:%S}"
    )


def duration(seconds: float) -> str:
    """The two largest units: `3 d 4 h`, `12 min 5 s`, `0.4 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    rest, parts = round(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def money(usd: float | None) -> Markup:
    """US dollars, with as many places as tell something."""
    if usd is None:
        return Markup('<span class="none">–</span>')
    places = 2 if usd == 0 or abs(usd) >= 0.01 else 4
    return Markup('<span class="money">${}</span>').format(f"{usd:,.{places}f}")


def size(count: int) -> str:
    """Bytes in binary units, as the configuration's are."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def visible(value: object) -> str:
    """A stranger's words without what is not seen, or read backwards."""
    return clean(str(value))


def state(name: str, words: str = "") -> Markup:
    """A state or an outcome, with its colour and its shape; in other words where it is told by some."""
    tone, shape = _LOOKS.get(name, (_outcome_tone(name), "●"))
    if tone == "bad" and name not in _LOOKS:
        shape = "✕"
    return Markup('<span class="state {}"><i aria-hidden="true">{}</i>{}</span>').format(
        tone, shape, words or name.replace("_", " ")
    )


def _outcome_tone(name: str) -> str:
    if name not in set(TaskOutcome):
        return "quiet"
    outcome = TaskOutcome(name)
    return "good" if outcome.succeeded else "hold" if outcome.did_its_job else "bad"
