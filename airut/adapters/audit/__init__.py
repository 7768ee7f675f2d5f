"""The audit log: a file of entries that each seal all before them."""

from airut.adapters.audit.log import AuditLog
from airut.adapters.audit.reading import newest, told
from airut.adapters.audit.verification import verified

__all__ = ["AuditLog", "newest", "told", "verified"]
