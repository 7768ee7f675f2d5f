"""Which hosts are this machine."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether nothing sent to this host can leave the machine. Names other than `localhost` are not asked for."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
