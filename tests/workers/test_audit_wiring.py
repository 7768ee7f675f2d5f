"""The newest hash is told where whoever tampers with the file cannot change it."""

import socket
from pathlib import Path

import pytest

from airut.adapters.audit import verified
from airut.config.digest import digest
from airut.config.load import load_config
from airut.config.schema import Config
from airut.models.telemetry.audit import AuditAction, AuditEvent
from workers.audit_wiring import announced, audit_log

FILE = """
config_version: 1
state_dir: {folder}
audit: {{syslog: {syslog}}}
repos:
  web:
    url: https://github.com/acme/web.git
    channels: {{console: {{}}}}
    agent: {{auth: {{api_key: sk-ant-invented-{key}}}}}
"""
LOGIN = AuditEvent(actor="ann", action=AuditAction.LOGIN, object="dashboard")


def configured(folder: Path, syslog: str = "false", key: str = "a") -> Config:
    file = folder / "airut.yaml"
    file.write_text(FILE.format(folder=folder, syslog=syslog, key=key))
    return load_config(file)


async def test_the_head_is_told_at_the_beginning_and_at_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "airut.audit")
    config = configured(tmp_path, "true")
    log = audit_log(config)
    first = log.append(LOGIN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(tmp_path / "log"))
        async with announced(config, every=3600, syslog=str(tmp_path / "log")):
            second = log.append(LOGIN)
        heard = [daemon.recv(1024).decode().rstrip("\0").partition("airut: ")[2] for _ in range(2)]
    heads = [f"audit head 1:{first.hash}", f"audit head 2:{second.hash}"]
    assert heard == heads
    assert [record.getMessage() for record in caplog.records] == heads
    assert second.config_digest == digest(config)


async def test_a_log_that_cannot_be_written_is_told_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = configured(tmp_path)
    audit_log(config).append(LOGIN)
    config.audit_file.unlink()
    async with announced(config):
        pass
    words = caplog.records[0].getMessage()
    assert words.startswith(f"the audit log {config.audit_file} cannot be written: it is gone, and had 1 entries; ")
    assert words.endswith("; new tasks are refused")
    assert verified(config.audit_file).broken is not None


def test_the_digest_is_of_what_the_configuration_says_and_not_of_its_secrets(tmp_path: Path) -> None:
    before = digest(configured(tmp_path))
    assert digest(configured(tmp_path, key="b")) == before
    assert digest(configured(tmp_path, syslog="true")) != before
