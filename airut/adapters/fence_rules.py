"""What a proxy is given: the rules of one sandbox, and a certificate authority that lives as long as it."""

from functools import lru_cache

from airut.adapters.ca import RootCa, issue_proxy_ca
from airut.errors import ConfigError, PolicyInvalid
from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.hosts.sandbox import SandboxSpec
from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.policy import deny_all, rule_set
from airut.models.policy.rotation import renewed
from airut.models.policy.rules import RuleSet, Sandbox
from airut.models.telemetry.spans import parse_traceparent
from airut.models.values.located import PolicyErrors

EXTRA_CA = "/run/airut/rules/extra-ca.pem"
_read = lru_cache(maxsize=64)(parse_allowlist)
"""YAML of a hundred entries takes 25 ms of a start, and a host's few repositories seldom change theirs."""


class FenceRules:
    """Implements the Podman adapter's `Policy`."""

    def __init__(self, root: RootCa) -> None:
        self._root = root

    def rules(self, spec: SandboxSpec | None, listen: str, listen6: str | None = None) -> bytes:
        if spec is None:
            return deny_all(listen=listen, listen6=listen6).to_wire()
        network = spec.network
        try:
            allowlist = _read(network.allowlist, network.allowlist_file) if network.allowlist is not None else None
            return rule_set(
                allowlist,
                granted_presets=network.granted_presets,
                model_endpoint=network.model_endpoint,
                model_hosts=network.model_hosts,
                repository=network.repository,
                credentials=network.credentials,
                sandbox=Sandbox(
                    id=spec.sandbox_id, thread=spec.thread, task=spec.task, attempt=spec.attempt, trace_id=_trace(spec)
                ),
                listen=listen,
                listen6=listen6,
                upstream_dns=network.upstream_dns,
                private_ranges=network.private_ranges,
                extra_ca_file=EXTRA_CA if network.extra_ca_files else None,
            ).to_wire()
        except PolicyErrors as error:
            raise PolicyInvalid(str(error)) from error

    def renewed(self, rules: bytes, credentials: tuple[AnySandboxCredential, ...]) -> bytes:
        return renewed(RuleSet.model_validate_json(rules), credentials).to_wire()

    def extra_ca(self, spec: SandboxSpec) -> bytes:
        found = []
        for file in spec.network.extra_ca_files:
            try:
                found.append(file.read_bytes())
            except OSError as error:
                raise ConfigError(f"network.extra_ca_files: {file}: {error.strerror}") from error
        return b"\n".join(found)

    def issuing(self) -> bytes:
        return issue_proxy_ca(self._root)

    def roots(self) -> bytes:
        return self._root.trusted_pem


def _trace(spec: SandboxSpec) -> str | None:
    """The trace that the sandbox is told to go on with."""
    told = parse_traceparent(spec.environment.get("TRACEPARENT", ""))
    return told.trace_id if told else None
