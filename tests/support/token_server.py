"""A token endpoint over HTTPS that checks its requests as RFC 6749, RFC 7523 and Microsoft's documentation have them, and an
introspection endpoint (RFC 7662) by which a mail server asks what a token is worth."""

import base64
import hashlib
import json
import secrets
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

from aiohttp import web
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from airut.demo.tls import Authority

CLIENT, CLIENT_SECRET, REFRESH, TENANT = "client-1", "s3cret-of-client", "r3fresh-0", "contoso.example"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Refusal(Exception):
    """RFC 6749 §5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


class TokenServer:
    """Grants tokens of one user. What stands in `answers` is said instead, one a request."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self.user = user
        self.port = 0
        self.introspection_port = 0
        self.expires_in: float | None = 3600
        self.rotates = False
        self.refresh_tokens = {REFRESH}
        self.granted: list[str] = []
        self.good: set[str] = set()
        self.forms: list[dict[str, str]] = []
        self.answers: list[web.Response] = []
        self.certificate: x509.Certificate | None = None

    @property
    def authority(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def token_file(self) -> Path:
        """Digests of tokens that are good, for servers that cannot ask."""
        return self.folder / "tokens"

    def revoke_all(self) -> None:
        self.good.clear()
        self._write()

    def _write(self) -> None:
        lines = [f"{hashlib.sha256(token.encode()).hexdigest()}: {self.user}\n" for token in self.good]
        self.token_file.write_text("".join(lines))
        self.token_file.chmod(0o644)

    async def token(self, request: web.Request) -> web.StreamResponse:
        if self.answers:
            return self.answers.pop(0)
        try:
            return web.json_response(self._grant(request.path, request.content_type, await request.text()))
        except Refusal as refusal:
            return web.json_response(refusal.body, status=401 if refusal.body["error"] == "invalid_client" else 400)

    async def introspect(self, request: web.Request) -> web.StreamResponse:
        token = (await request.post())["token"]
        active = {"active": True, "username": self.user} if token in self.good else {"active": False}
        return web.json_response(active)

    def _grant(self, path: str, content_type: str, body: str) -> dict[str, object]:
        if content_type != "application/x-www-form-urlencoded":
            raise Refusal("invalid_request", "the body is no form")
        pairs = [(key, values) for key, values in _parse(body).items()]
        if any(len(values) != 1 for _, values in pairs):
            raise Refusal("invalid_request", "a parameter is there twice")
        form = {key: values[0] for key, values in pairs}
        self.forms.append(form)
        if path == f"/{TENANT}/oauth2/v2.0/token":
            self._check_application(form)
        else:
            self._check_person(form)
        token = secrets.token_urlsafe(1200)
        self.granted.append(token)
        self.good.add(token)
        self._write()
        answer: dict[str, object] = {"access_token": token, "token_type": "Bearer"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if self.rotates and "refresh_token" in form:
            self.refresh_tokens = {f"r3fresh-{len(self.granted)}"}
            answer["refresh_token"] = next(iter(self.refresh_tokens))
        return answer

    def _check_application(self, form: dict[str, str]) -> None:
        if form.get("grant_type") != "client_credentials":
            raise Refusal("unsupported_grant_type", "AADSTS70003: not supported")
        if form.get("client_id") != CLIENT:
            raise Refusal("unauthorized_client", f"AADSTS700016: Application '{form.get('client_id')}' was not found")
        if not form.get("scope", "").endswith("/.default"):
            raise Refusal("invalid_scope", "AADSTS1002012: the scope must end in /.default")
        if "client_assertion" in form:
            self._check_assertion(form)
        elif form.get("client_secret") != CLIENT_SECRET:
            raise Refusal(
                "invalid_client", f"AADSTS7000215: Invalid client secret provided: {form.get('client_secret')}\r\nTrace"
            )

    def _check_assertion(self, form: dict[str, str]) -> None:
        if form.get("client_assertion_type") != ASSERTION_TYPE or "client_secret" in form or self.certificate is None:
            raise Refusal("invalid_request", "AADSTS50027: JWT token is invalid or malformed")
        signed, _, signature = form["client_assertion"].rpartition(".")
        header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        key = self.certificate.public_key()
        assert isinstance(key, RSAPublicKey)
        try:
            key.verify(_decoded(signature), signed.encode(), PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256())
        except InvalidSignature:
            raise Refusal("invalid_client", "AADSTS700027: The certificate used to sign is not registered") from None
        thumbprint = base64.urlsafe_b64encode(self.certificate.fingerprint(SHA256())).decode().rstrip("=")
        assert header == {"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}
        assert set(claims) == {"aud", "exp", "iss", "jti", "nbf", "sub", "iat"}
        assert (claims["iss"], claims["sub"]) == (CLIENT, CLIENT)
        assert claims["aud"] == f"{self.authority}/{TENANT}/oauth2/v2.0/token"
        assert claims["nbf"] <= time.time() < claims["exp"] <= claims["nbf"] + 600

    def _check_person(self, form: dict[str, str]) -> None:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, CLIENT_SECRET):
            raise Refusal("invalid_client", "unknown client")
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") not in self.refresh_tokens:
            raise Refusal("invalid_grant", f"not a token of ours: {form.get('refresh_token')}")
        if form.get("scope") != "https://mail.example.org/":
            raise Refusal("invalid_scope", "more than was granted")


def _parse(body: str) -> dict[str, list[str]]:
    return parse_qs(body, keep_blank_values=True, strict_parsing=True)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@asynccontextmanager
async def token_server(folder: Path, user: str = "bot@mail.test") -> AsyncIterator[TokenServer]:
    """With its authority in `folder`, which mail servers must be able to read."""
    folder.mkdir(parents=True, exist_ok=True)
    server = TokenServer(folder, user)
    server.revoke_all()
    certificate, key = Authority.at(folder).leaf("127.0.0.1")
    (folder / "leaf.pem").write_bytes(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    tokens, inspection = web.Application(), web.Application()
    tokens.router.add_post("/{path:.*}", server.token)
    inspection.router.add_post("/introspect", server.introspect)
    runners = [web.AppRunner(tokens), web.AppRunner(inspection)]
    for runner in runners:
        await runner.setup()
    await web.TCPSite(runners[0], "127.0.0.1", 0, ssl_context=context).start()
    await web.TCPSite(runners[1], "127.0.0.1", 0).start()
    server.port, server.introspection_port = (runner.addresses[0][1] for runner in runners)
    try:
        yield server
    finally:
        for runner in runners:
            await runner.cleanup()
