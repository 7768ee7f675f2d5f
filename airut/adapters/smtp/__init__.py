"""Sending e-mail (spec: email §10)."""

from airut.adapters.smtp.channel import SmtpChannel

__all__ = ["SmtpChannel"]
