"""`repos.<repo>.schedules`: what is read, and what each mistake is told."""

from pathlib import Path

import pytest

from airut.config.load import load_config
from airut.config.schema import Config
from airut.errors import ConfigError
from airut.models.schedules.schedule import DeliverTo, Overlap, ScheduleSettings, TriggerCommand

FILE = """\
config_version: 1
repos:
  web:
    url: https://github.com/acme/web.git
    timezone: Europe/Berlin
    channels:
      email:
        account: {username: bot, password: pw, from: Airut <bot@example.com>}
        imap: {host: mail.example.com}
        smtp: {host: mail.example.com}
        auth: {trusted_authserv_id: [mx.example.com], authorized_senders: ["*@example.com"]}
    agent: {auth: {api_key: k}}
    schedules:
      nightly:
        SCHEDULE
"""


def load(tmp_path: Path, schedule: str) -> Config:
    path = tmp_path / "airut.yaml"
    path.write_text(FILE.replace("SCHEDULE", schedule.strip().replace("\n", "\n        ")))
    return load_config(path, {})


def test_all_keys(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
cron: "30 2 * * mon-fri"
timezone: America/New_York
trigger: {command: [make, outdated], timeout: 5m, output_limit: 10KiB}
deliver: {email: [Ann@Example.com, bob@example.com]}
overlap: cancel_other
catch_up: 2h
jitter: 90s
model: opus
effort: high
subject: Outdated packages
thread: same
enabled: false
""",
    )
    assert config.repos["web"].schedules["nightly"] == ScheduleSettings(
        cron="30 2 * * mon-fri",
        timezone="America/New_York",
        trigger=TriggerCommand(command=("make", "outdated"), timeout=300.0, output_limit=10_240),
        deliver=DeliverTo(email=("ann@example.com", "bob@example.com")),
        overlap=Overlap.CANCEL_OTHER,
        catch_up=7200.0,
        jitter=90.0,
        model="opus",
        effort="high",
        subject="Outdated packages",
        thread="same",
        enabled=False,
    )


def test_what_is_left_out(tmp_path: Path) -> None:
    schedule = load(tmp_path, "every: 6h\nprompt: look\ndeliver: {email: [ann@example.com]}")
    assert schedule.repos["web"].schedules["nightly"] == ScheduleSettings(
        every=21_600.0,
        timezone=None,
        prompt="look",
        deliver=DeliverTo(email=("ann@example.com",)),
        overlap=Overlap.SKIP,
        catch_up=3600.0,
        jitter=0.0,
        thread="new",
        enabled=True,
    )


GOOD = {"cron": '"0 5 * * *"', "prompt": "look", "deliver": "{email: [ann@example.com]}"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cron": '"0 25 * * *"'}, "nightly.cron: hour: '25': allowed are 0-23"),
        ({"cron": '"0 0 31 2 *"'}, "nightly.cron: '0 0 31 2 *' never matches"),
        ({"every": "2h"}, "nightly: give either cron or every"),
        ({"cron": None}, "nightly: give either cron or every"),
        ({"cron": None, "every": "5s"}, "nightly.every: 5s is below the minimum 10s"),
        ({"cron": None, "every": "soon"}, "nightly.every: 'soon' is not a duration; write 30s, 5m, 2h or 7d"),
        (
            {"timezone": "Europe/Berlinn"},
            "nightly.timezone: 'Europe/Berlinn' is no IANA time zone; write Europe/Berlin",
        ),
        ({"prompt": None}, "nightly: give either prompt or trigger"),
        ({"prompt": '"  "'}, "nightly: prompt is empty"),
        ({"trigger": "{command: [x]}"}, "nightly: give either prompt or trigger"),
        ({"prompt": None, "trigger": "{command: []}"}, "nightly.trigger.command: "),
        (
            {"prompt": None, "trigger": "{command: make x | mail}"},
            "nightly.trigger.command: write a list, one word an item: no shell reads it",
        ),
        ({"deliver": "{}"}, 'nightly.deliver: give either email: [a@b.example] or slack: "#channel"'),
        (
            {"deliver": '{email: [ann@example.com], slack: "#dev"}'},
            'nightly.deliver: give either email: [a@b.example] or slack: "#channel"',
        ),
        (
            {"deliver": '{slack: "#dev"}'},
            "schedules.nightly.deliver.slack needs channels.slack, by which the answers go out",
        ),
        (
            {"deliver": '{slack: "#dev"}', "thread": "same"},
            "nightly: thread: same is for deliver.email; in Slack each firing has a thread of its own",
        ),
        ({"overlap": "maybe"}, "nightly.overlap: 'skip', 'buffer_one', 'buffer_all', 'cancel_other' or 'allow_all'"),
        ({"catch_up": "1s"}, "nightly.catch_up: 1s is below the minimum 10s"),
        ({"thread": "old"}, "nightly.thread: 'new' or 'same'"),
        ({"repeat": "3"}, "nightly.repeat: unknown key"),
        ({"promt": "x"}, 'nightly.promt: unknown key; nearest is "prompt"'),
        ({"deliver": None}, "nightly.deliver: is required"),
        ({"deliver": "{email: []}"}, 'nightly.deliver: give either email: [a@b.example] or slack: "#channel"'),
        ({"deliver": "{email: [ann]}"}, "'ann' is no bare mail address such as ann@example.com"),
        ({"deliver": "{email: [Ann <ann@example.com>]}"}, "is no bare mail address"),
        ({"deliver": '{slack: "ops"}'}, "nightly.deliver.slack: "),
        (
            {"deliver": "{email: [eve@elsewhere.net]}"},
            "repos.web: schedules.nightly.deliver.email: eve@elsewhere.net may not give tasks here; add it to "
            "channels.email.auth.authorized_senders",
        ),
    ],
)
def test_mistakes_name_their_place(tmp_path: Path, changes: dict[str, str | None], message: str) -> None:
    lines = [f"{key}: {value}" for key, value in (GOOD | changes).items() if value is not None]
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, "\n".join(lines))
    assert message in str(raised.value)
    assert "airut.yaml:" in str(raised.value)


def test_a_repository_without_mail_cannot_deliver_by_mail(tmp_path: Path) -> None:
    path = tmp_path / "airut.yaml"
    text = FILE.replace("SCHEDULE", "cron: '@daily'\n        prompt: x\n        deliver: {email: [ann@example.com]}")
    mail = text[text.index("      email:") : text.index("    agent:")]
    path.write_text(text.replace(mail, "      console: {}\n"))
    with pytest.raises(ConfigError, match=r"needs channels\.email"):
        load_config(path, {})
