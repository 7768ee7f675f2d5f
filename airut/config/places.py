"""Where `airut.yaml` is looked for."""

import os
from pathlib import Path

from airut.errors import ConfigError

PLACES = (Path("~/.config/airut/airut.yaml"), Path("/etc/airut/airut.yaml"))


def find_config(named: Path | None) -> Path:
    """`--config`, `$AIRUT_CONFIG`, then the usual places.

    Raises:
        ConfigError: there is none; says where it was looked for.
    """
    if named is not None:
        return named
    if variable := os.environ.get("AIRUT_CONFIG"):
        return Path(variable)
    for place in PLACES:
        if place.expanduser().is_file():
            return place.expanduser()
    places = ", ".join(map(str, PLACES))
    raise ConfigError(f"no configuration: give --config, set AIRUT_CONFIG, or write one of {places}")
