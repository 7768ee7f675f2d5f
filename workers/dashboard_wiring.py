"""What the dashboard's pages are given."""

from temporalio.client import Client

from airut.adapters.logins_sqlite import SqliteLogins
from airut.config.schema import Config
from airut.dashboard.ports import Ports
from airut.temporal.thread_control import TemporalThreadControl
from airut.temporal.thread_directory import TemporalThreadDirectory


def dashboard_ports(config: Config, client: Client) -> Ports:
    """`client` may be one that has not connected yet."""
    return Ports(
        config=lambda: config,
        logins=SqliteLogins(config.logins),
        threads=TemporalThreadDirectory(client),
        control=TemporalThreadControl(client),
    )
