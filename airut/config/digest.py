"""A short name for what a configuration says, by which hosts see whether they say the same."""

import hashlib
import json

from airut.config.held_secret import HeldSecret
from airut.config.schema import Config
from airut.config.secret_fields import secrets_in


def digest(config: Config) -> str:
    """Twelve characters. Of a secret only its source enters: a value could be guessed from a digest of it."""
    sources = {
        place: secret.origin.source.model_dump(mode="json")
        for place, secret in secrets_in(config)
        if isinstance(secret.origin, HeldSecret) and secret.origin.source is not None
    }
    said = json.dumps([config.model_dump(mode="json", by_alias=True), sources], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]
