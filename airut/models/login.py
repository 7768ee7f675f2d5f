"""Who uses the dashboard, and what they may do there."""

from enum import StrEnum

from airut.models.base import Model

SESSION_LIFE = 7 * 86400.0
"""Seconds. Long enough that somebody who looks daily logs in weekly."""


class Role(StrEnum):
    """Each may do what those before it may."""

    VIEWER = "viewer"
    """Looks."""
    OPERATOR = "operator"
    """Gives threads commands, and sends messages."""
    ADMIN = "admin"
    """Changes the configuration."""

    def covers(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Login(Model):
    actor: str
    """As the audit log names whoever it is."""
    role: Role
