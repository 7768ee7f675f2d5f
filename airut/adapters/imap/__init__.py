"""IMAP4rev1 (RFC 3501) by aioimaplib, behind `airut.ports.mailbox`. aioimaplib is GPL-3.0: nothing else imports it."""
