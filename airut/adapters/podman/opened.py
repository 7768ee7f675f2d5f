"""A sandbox without a fence (`network.enabled: false` of a repository): what it gets in place of surrogates."""

from collections.abc import Sequence

from airut.models.credentials.github_app import SandboxGithubApp
from airut.models.credentials.kinds import AnySandboxCredential, SandboxCredential
from airut.models.credentials.secret import Secret

OPEN = "open"
"""Value of the label `airut.network` of such a sandbox."""


def with_real_values(text: str, credentials: Sequence[AnySandboxCredential]) -> str:
    """A text for the sandbox, with the real value wherever a credential's surrogate stands: no proxy will swap it."""
    pairs: list[tuple[str, Secret | None]] = []
    for credential in credentials:
        if isinstance(credential, SandboxCredential):
            pairs.append((credential.surrogate, credential.value))
        elif isinstance(credential, SandboxGithubApp):
            pairs.append((credential.surrogate, credential.token.value if credential.token else None))
        else:
            parts = (credential.access_key_id, credential.secret_access_key, credential.session_token)
            pairs += [(part.surrogate, part.value) for part in parts if part is not None]
    for surrogate, value in pairs:
        if value is not None:
            text = text.replace(surrogate, value.reveal())
    return text
