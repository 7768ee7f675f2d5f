"""Where the dashboard listens."""

import socket
from contextlib import closing

from airut.config.dashboard_settings import DashboardSettings
from airut.demo.ports import free_port
from workers.dashboard import listen


def test_what_is_written_leaves_at_once() -> None:
    """A page's body does not wait for the acknowledgement of its head, which takes the other side 40 ms."""
    port = free_port()
    with (
        closing(listen(DashboardSettings(port=port))) as listening,
        closing(socket.create_connection(("127.0.0.1", port))),
        closing(listening.accept()[0]) as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
