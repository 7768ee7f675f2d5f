"""What `airut.yaml` means for the builds of one repository's image."""

from pathlib import Path

from airut.config.build_settings import AUTO, as_text
from airut.config.limits import HostSize, limits_on
from airut.config.repo_schema import RepoConfig
from airut.config.schema import Config
from airut.errors import RepositoryGone
from airut.models.hosts.build import ALLOWLIST_KEY, BUILD_PRESETS, BuildPolicy
from airut.models.hosts.sandbox import NetworkSpec


class ConfiguredBuilds:
    """The policy of each repository's builds. `extra_ca` is trusted by their proxies besides `network.extra_ca_files`:
    of a host whose own way to the registries is intercepted."""

    def __init__(self, config: Config, extra_ca: Path | None = None) -> None:
        self._config = config
        self._extra_ca = (extra_ca,) if extra_ca else ()

    def folder(self, repo: str) -> str:
        """Within the repository. Raises: ConfigError: there is no such one."""
        return self._of(repo).container.path

    def base(self, repo: str) -> str | None:
        """The image of a repository without such a folder; None is the base image of this host. Raises: ConfigError"""
        base = self._of(repo).container.base
        return None if base == AUTO else base

    def of(self, repo: str) -> BuildPolicy:
        """Raises: ConfigError: there is no such repository."""
        found, network = self._of(repo), self._config.network
        allowlist = found.build.allowlist or self._config.build.allowlist
        return BuildPolicy(
            network=NetworkSpec(
                allowlist=as_text(allowlist),
                allowlist_file=ALLOWLIST_KEY,
                repository=found.slug,
                granted_presets=() if "presets" in allowlist else BUILD_PRESETS,
                upstream_dns=network.upstream_dns,
                private_ranges=network.private_ranges,
                extra_ca_files=(*network.extra_ca_files, *self._extra_ca),
            ),
            open=found.build.network == "open",
            registries=found.container.registries,
            max_age=found.container.max_age,
            limits=limits_on(HostSize.here(), self._config.limits_of(repo)),
        )

    def _of(self, repo: str) -> RepoConfig:
        if repo not in self._config.repos:
            raise RepositoryGone(f"the repository {repo} is not configured on this host any more; add it to airut.yaml")
        return self._config.repos[repo]
