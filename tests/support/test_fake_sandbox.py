"""The fake keeps the contract too: what is tested over it holds over Podman."""

from pathlib import Path

import pytest

from tests.contract.sandbox import SandboxContract, Stage
from tests.support.fake_sandbox import FakeSandboxes


class TestFakeSandboxes(SandboxContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Stage:
        return Stage(sandboxes=FakeSandboxes(), folder=tmp_path)
