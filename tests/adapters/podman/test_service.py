"""A Podman service of our own, on a machine where nobody else's listens: nobody else's either."""

import asyncio
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from airut.adapters.podman.engine import Engine
from airut.adapters.podman.service import listens
from airut.errors import EngineUnavailable


async def test_its_service_leaves_no_folder_that_the_user_cannot_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine where nobody has used Podman yet, the service makes Podman's own folders."""
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setenv("HOME", short)
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        engine = Engine(runtime=Path(short))
        await engine.get("/images/json", "look around")
        (path,) = (Path(short) / "airut" / "podman").glob("*/podman.sock")
        assert path.stat().st_mode & 0o777 == 0o600
        await engine.close()
        folders = [path for path in (Path(short) / "containers", *Path(short).rglob("*/")) if path.is_dir()]
        assert len(folders) > 3
        assert [path for path in folders if path.stat().st_mode & 0o700 != 0o700] == []


@pytest.mark.usefixtures("podman")
async def test_one_that_is_closed_takes_nothing_from_another() -> None:
    """`airut check` has two at once, `airut image all` three, and none knows of the others."""
    with tempfile.TemporaryDirectory() as short:
        engines = [Engine(runtime=Path(short)) for _ in range(3)]
        await asyncio.gather(*(engine.get("/images/json", "look around") for engine in engines))
        for engine in engines:
            assert await engine.get("/images/json", "look around") is not None
            await engine.close()
        assert list((Path(short) / "airut" / "podman").iterdir()) == []


@pytest.mark.usefixtures("podman")
async def test_what_a_killed_process_left_is_removed() -> None:
    begin = "import asyncio, os, signal, sys, pathlib; from airut.adapters.podman.engine import Engine\n"
    begun = (
        "async def main():\n"
        "    await Engine(runtime=pathlib.Path(sys.argv[1])).get('/images/json', 'look around')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())"
    )
    with tempfile.TemporaryDirectory() as short:
        killed = await asyncio.create_subprocess_exec(sys.executable, "-c", begin + begun, short)
        await killed.wait()
        (left,) = (Path(short) / "airut" / "podman").iterdir()
        async with asyncio.timeout(60):
            while listens(left / "podman.sock"):
                await asyncio.sleep(0.05)
        engine = Engine(runtime=Path(short))
        await engine.get("/images/json", "look around")
        assert not left.exists()
        await engine.close()


@pytest.mark.parametrize(
    ("podman", "says"),
    [
        (None, "there is no `podman` on this host: install it"),
        ("exit 1", "`podman system service` did not start: it said nothing"),
        ("echo 'Error: no such driver' >&2; exit 125", "`podman system service` did not start: Error: no such driver"),
    ],
)
async def test_a_service_that_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, podman: str | None, says: str
) -> None:
    if podman is not None:
        (tmp_path / "podman").write_text(f"#!/bin/sh\n{podman}\n")
        (tmp_path / "podman").chmod(0o755)
    (tmp_path / "setpriv").symlink_to(str(shutil.which("setpriv")))
    (tmp_path / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = Engine(runtime=tmp_path)
    with pytest.raises(EngineUnavailable, match=re.escape(says)):
        await engine.get("/info", "look around")
    assert list((tmp_path / "airut" / "podman").glob("*")) == []


@pytest.mark.usefixtures("podman")
async def test_a_service_that_did_not_start_is_started_by_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as short:
        fails = Path(short) / "bin" / "podman"
        fails.parent.mkdir()
        fails.write_text("#!/bin/sh\nexit 1\n")
        fails.chmod(0o755)
        engine = Engine(runtime=Path(short))
        with monkeypatch.context() as patched:
            patched.setenv("PATH", f"{fails.parent}:{os.environ['PATH']}")
            with pytest.raises(EngineUnavailable):
                await engine.get("/images/json", "look around")
        assert await engine.get("/images/json", "look around") is not None
        await engine.close()
