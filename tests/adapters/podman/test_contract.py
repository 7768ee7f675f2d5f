"""Podman keeps the contract of the port."""

from tests.contract.sandbox import SandboxContract


class TestPodmanSandboxes(SandboxContract):
    pass
