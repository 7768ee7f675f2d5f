"""Access tokens for mailboxes (RFC 6749), and how IMAP and SMTP are shown them (SASL XOAUTH2; spec: email §11)."""

from airut.adapters.oauth2.tokens import AccessTokens, TokenFailed

__all__ = ["AccessTokens", "TokenFailed"]
