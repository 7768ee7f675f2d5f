"""A configuration is saved whole and right, or not at all."""

from pathlib import Path

import pytest

from airut.config.editing.configuration import Changed, ConfigurationFiles, Fault, Invalid, variable_name
from airut.config.editing.document import digest
from airut.errors import ConfigError

GOOD = "config_version: 1\nlimits: {time: 45m}\n"
NOTHING = digest(b"")


def secret(written: str) -> str:
    return (
        GOOD
        + f"repos:\n  web:\n    url: https://x.example/a/b\n    channels: {{console: {{}}}}\n    agent: {{auth: {{api_key: {written}}}}}\n"
    )


@pytest.fixture
def configuration(tmp_path: Path) -> ConfigurationFiles:
    (working := tmp_path / "working").mkdir()
    return ConfigurationFiles(tmp_path / "airut.yaml", {"REAL": "from the environment"}, working)


def test_the_first_file_is_made_and_the_next_needs_what_was_seen(configuration: ConfigurationFiles) -> None:
    assert configuration.read() == ""
    configuration.save(NOTHING, GOOD)
    assert configuration.read() == GOOD
    with pytest.raises(Changed):
        configuration.save(NOTHING, GOOD + "# more\n")
    assert configuration.read() == GOOD
    configuration.save(digest(GOOD.encode()), GOOD + "# more\n")
    assert configuration.read() == GOOD + "# more\n"


def test_a_secret_goes_beside_it_first(configuration: ConfigurationFiles) -> None:
    made = configuration.save(NOTHING, secret("!env WEB_KEY"), {"WEB_KEY": 'sk "x" $1'})
    assert configuration.dotenv.read_text() == 'WEB_KEY="sk \\"x\\" $1"\n'
    assert configuration.dotenv.stat().st_mode & 0o777 == 0o600
    key = made.repos["web"].agent.auth.api_key
    assert key is not None
    assert key.reveal() == 'sk "x" $1'
    configuration.save(digest(configuration.read().encode()), configuration.read(), {"WEB_KEY": "other"})
    assert configuration.dotenv.read_text() == 'WEB_KEY="other"\n'


@pytest.mark.parametrize(
    ("written", "faults"),
    [
        ("config_version: 1\nlimits: {time: 1s}\n", (Fault(line=2, problem="limits.time: 1s is below the minimum 10s"),)),
        ("a: [\n", (Fault(line=2, problem="expected the node content, but found '<stream end>'"),)),
        ("- 1\n", (Fault(line=0, problem="the file must be a mapping; `airut init` writes one to start from"),)),
        (
            "limits: {tmie: 1s}\n",
            (
                Fault(line=1, problem="config_version: is required; add the line `config_version: 1`"),
                Fault(line=1, problem='limits.tmie: unknown key; nearest is "time"'),
            ),
        ),
        (secret("!env NONE"), (Fault(line=7, problem="repos.web.agent.auth.api_key: environment variable NONE is not set"),)),
    ],
)  # fmt: skip
def test_what_would_not_be_read_is_not_written(
    configuration: ConfigurationFiles, written: str, faults: tuple[Fault, ...]
) -> None:
    with pytest.raises(Invalid) as raised:
        configuration.save(NOTHING, written, {"X": "1"})
    assert raised.value.faults == faults
    assert not configuration.path.exists()
    assert not configuration.dotenv.exists()


def test_a_value_that_dotenv_cannot_take_changes_nothing(configuration: ConfigurationFiles) -> None:
    configuration.dotenv.write_text('OPEN="\n')
    with pytest.raises(ConfigError, match=r"KEY: \.env cannot take this value"):
        configuration.save(NOTHING, GOOD, {"KEY": "# b"})
    assert configuration.dotenv.read_text() == 'OPEN="\n'
    assert not configuration.path.exists()


@pytest.mark.parametrize(
    ("wanted", "present", "name"),
    [
        ("NEW", None, "NEW"),
        ("NEW", "OLD", "OLD"),
        ("NEW", "REAL", "NEW"),
        ("REAL", None, "REAL_2"),
        ("THERE", None, "THERE_2"),
        ("THERE", "THERE", "THERE"),
        ("WORKING", None, "WORKING_2"),
    ],
)
def test_the_name_of_a_new_value(
    configuration: ConfigurationFiles, wanted: str, present: str | None, name: str
) -> None:
    configuration.dotenv.write_text("THERE=1\n")
    (configuration.path.parent / "working" / ".env").write_text("WORKING=1\n")
    assert configuration.free_variable(wanted, present) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("repos", "my-web", "agent", "auth", "api_key"), "MY_WEB_AGENT_AUTH_API_KEY"),
        (("repos", "9", "credentials", "x.y", "value"), "AIRUT_9_CREDENTIALS_X_Y_VALUE"),
        (("temporal", "codec", "keys", "ü"), "TEMPORAL_CODEC_KEYS"),
    ],
)
def test_names_of_variables_follow_from_the_place(path: tuple[str | int, ...], name: str) -> None:
    assert variable_name(path) == name
