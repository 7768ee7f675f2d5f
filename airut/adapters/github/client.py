"""githubkit as it is used here: for one request after the other, without a will of its own."""

import ssl
from typing import Any

from githubkit import GitHub
from githubkit.auth import BaseAuthStrategy


def client[Auth: BaseAuthStrategy](auth: Auth, base_url: str | None, timeout: float) -> GitHub[Auth]:
    """A client of github.com, or of the enterprise server at `base_url`, that waits `timeout` seconds for an answer.

    No cache: an answer from before our own write, or an old token, would be worse than none. No retries: whoever asks
    decides about them. Certificates are checked against the host's own authorities (and SSL_CERT_FILE), where those who
    run a server of their own have put theirs; githubkit by itself knows public ones only.
    """
    settings: dict[str, Any] = {} if base_url is None else {"base_url": base_url}
    return GitHub(
        auth,
        timeout=timeout,
        ssl_verify=ssl.create_default_context(),
        http_cache=False,
        auto_retry=False,
        trust_env=False,
        **settings,
    )
