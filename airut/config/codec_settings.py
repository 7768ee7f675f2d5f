"""`temporal.codec` of `airut.yaml`: the keys that what Temporal records is encrypted with."""

import base64
import binascii
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from airut.config.reload_class import ReloadClass
from airut.models.base import Model
from airut.models.credentials.secret import Secret

CODEC_KEY_BYTES = 32
"""AES-256."""


def _codec_key(key: Secret) -> Secret:
    """The shape is checked here, where the error can name the field; the value itself shows nowhere."""
    try:
        right = len(base64.b64decode(key.reveal(), validate=True)) == CODEC_KEY_BYTES
    except (binascii.Error, ValueError):
        right = False
    if not right:
        raise ValueError(f"must be {CODEC_KEY_BYTES} random bytes in base64; make one with `openssl rand -base64 32`")
    return key


CodecKey = Annotated[Secret, AfterValidator(_codec_key)]
CodecKeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]


class CodecSettings(Model):
    """Encryption of what Temporal records. Keys that are not active still decrypt, also when it is not enabled."""

    enabled: bool = False
    """Whether new values are encrypted."""
    keys: dict[CodecKeyId, Annotated[CodecKey, ReloadClass.RESTART]] = {}
    """Of 256 bits each, as base64, by their ids."""
    active: str | None = None
    """The id of the key for new values."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.active is not None and self.active not in self.keys:
            known = ", ".join(self.keys) or "none"
            raise ValueError(f"active is {self.active!r}, which is not among keys ({known})")
        if self.enabled and self.active is None:
            raise ValueError("enabled needs active: the id of the key under keys that new values are encrypted with")
        return self
