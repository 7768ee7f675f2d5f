"""What a repository's sandboxes may reach, a row for each entry that decides."""

from collections.abc import Iterator, Sequence

from airut.config.agent_settings import AgentConfig
from airut.config.repo_schema import RepoConfig
from airut.config.schema import Config
from airut.models.base import Model
from airut.models.credentials.aws import AwsCredential
from airut.models.credentials.github_app import GithubAppCredential
from airut.models.hosts.sandbox import ALLOWLIST_FILE
from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.policy import rule_entries
from airut.models.policy.rules import RuleEntry
from airut.models.policy.warnings import reaches

_PRESET = "preset:"


class Swap(Model):
    """Where a credential is swapped in, or requests are signed anew with it. Its value is not asked for."""

    name: str
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    methods: tuple[str, ...] = ()


class PolicyRow(Model):
    """One entry. No methods: every one; no path: every one; no query: any, and an empty one: none."""

    source: str
    host: str
    path: str | None = None
    methods: tuple[str, ...] = ()
    query: tuple[str, ...] | None = None
    conditions: tuple[str, ...] = ()
    """What else it says."""
    comment: str = ""
    credentials: tuple[str, ...] = ()


def policy_rows(text: str | None, config: Config, repo: str) -> tuple[PolicyRow, ...]:
    """In the order in which they decide. `text` is the file's; None where there is no file.

    Raises:
        PolicyErrors: what is wrong with the file.
    """
    found, network = config.repos[repo], config.network
    allowlist = None if text is None else parse_allowlist(text, ALLOWLIST_FILE)
    named = {preset.name for preset in allowlist.presets} if allowlist else set[str]()
    entries = rule_entries(allowlist, network.granted_presets, found.slug, found.agent.base_url, network.private_ranges)
    swaps = tuple(swaps_of(found))
    return tuple(_row(entry, swaps, _source(entry, named, network.granted_presets)) for entry in entries)


def swaps_of(repo: RepoConfig) -> Iterator[Swap]:
    yield from _model(repo.agent)
    for name, credential in repo.credentials.items():
        if isinstance(credential, GithubAppCredential):
            yield Swap(name=name, hosts=credential.hosts(), ports=(credential.port(),))
        elif isinstance(credential, AwsCredential):
            yield Swap(name=name, hosts=credential.hosts, ports=credential.ports)
        else:
            yield Swap(name=name, hosts=credential.hosts, ports=credential.ports, methods=credential.methods)


def _model(agent: AgentConfig) -> Iterator[Swap]:
    """The model's, by the variable that Claude Code reads it from: of accounts there may be some of each kind."""
    at = agent.base_url
    accounts = agent.auth.all()
    names = ["ANTHROPIC_API_KEY"] if any(each.api_key is not None for each in accounts) else []
    names += ["CLAUDE_CODE_OAUTH_TOKEN"] if any(each.oauth_token is not None for each in accounts) else []
    return (Swap(name=name, hosts=(at.host,), ports=(at.port,)) for name in names)


def _row(entry: RuleEntry, swaps: Sequence[Swap], source: str) -> PolicyRow:
    query = None if entry.query is None else tuple(f"{name}={' or '.join(v)}" for name, v in entry.query.items())
    return PolicyRow(
        source=source,
        host=entry.host,
        path=entry.path,
        methods=entry.methods,
        query=query,
        conditions=tuple(_conditions(entry)),
        comment=entry.comment or "",
        credentials=tuple(swap.name for swap in swaps if _meets(entry, swap)),
    )


def _source(entry: RuleEntry, named: set[str], granted: Sequence[str]) -> str:
    if entry.origin != "preset":
        return f"line {entry.rule.rpartition(':')[2]}"
    name = entry.rule.removeprefix(_PRESET)
    if name not in granted:
        return f"preset {name}"
    return f"preset {name}, " + ("which the server grants as well" if name in named else "granted by the server")


def _meets(entry: RuleEntry, swap: Swap) -> bool:
    methods = not entry.methods or not swap.methods or bool(set(entry.methods) & set(swap.methods))
    return methods and any(reaches(entry, host.lower(), swap.ports) for host in swap.hosts)


def _conditions(entry: RuleEntry) -> Iterator[str]:
    if entry.schemes != ("https",):
        yield "over " + " and ".join(entry.schemes)
    if entry.ports:
        yield "ports " + ", ".join(map(str, entry.ports))
    if entry.addresses:
        yield "at addresses in " + ", ".join(entry.addresses)
    if entry.foreign_credentials:
        yield f"credentials that are not Airut's: {entry.foreign_credentials}"
    if entry.graphql:
        for kind in ("queries", "mutations", "subscriptions"):
            if fields := getattr(entry.graphql, kind):
                yield f"GraphQL {kind}: " + ", ".join(fields)
