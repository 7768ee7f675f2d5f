"""Where a repository lies on its forge, and how we log in there."""

from dataclasses import dataclass

from airut.models.credentials.secret import Secret


@dataclass(frozen=True)
class ForgeRepository:
    """`slug` is its path on the forge, `base_url` the API's, without a slash at the end."""

    slug: str
    token: Secret
    base_url: str
