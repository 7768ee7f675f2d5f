"""One target under libFuzzer: `python -m tests.fuzz.by_branches NAME [OPTION…] CORPUS`. See `tests.fuzz`."""

import sys

import atheris

INSTRUMENTED = ["proxy", "signals", "airut.models", "graphql"]

with atheris.instrument_imports(include=INSTRUMENTED):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    name, *options = sys.argv[1:]
    check = next(target.check for target in TARGETS if target.name == name)
    atheris.Setup([sys.argv[0], *options], check)
    atheris.Fuzz()
