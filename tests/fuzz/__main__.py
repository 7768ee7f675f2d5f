"""`python -m tests.fuzz [--seconds N] [--seed N] [--only NAME]…`: every target for so many seconds, in two ways.

Hypothesis changes well-formed inputs by rules; libFuzzer (atheris) follows the code's branches, and keeps a corpus in
`--corpus`. Without atheris the first runs alone, and says so. Ends with 1 and the input when a target fails:
`--input FILE` runs that one again.
"""

import argparse
import importlib.util
import secrets
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS, Target

BATCH = 500  # examples between looks at the clock: a second, about
MOST_BYTES = 4096
CORPUS = Path.home() / ".cache" / "airut" / "fuzz"


def by_rules(target: Target, seconds: float, first_seed: int, corpus: Path) -> int:
    """Batches with one seed after the other until the time is over; how many examples. Raises what the target does."""
    end = time.monotonic() + seconds
    database = DirectoryBasedExampleDatabase(corpus / "hypothesis" / target.name)
    batch = 0
    while not batch or time.monotonic() < end:

        @seed(first_seed + batch)
        @settings(
            max_examples=BATCH,
            deadline=None,
            database=database,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.reuse, Phase.generate, Phase.shrink],
        )
        @given(inputs(target))
        def run(data: bytes) -> None:
            target.check(data)

        try:
            run()
        except BaseException:
            print(f"{target.name}: seed {first_seed + batch}", flush=True)
            raise
        batch += 1
    return batch * BATCH


def by_branches(target: Target, seconds: float, first_seed: int, corpus: Path) -> int:
    """libFuzzer in a process of its own; its exit code."""
    place = corpus / "atheris" / target.name
    place.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds):
        (place / f"seed-{number}").write_bytes(data)
    words = corpus / "atheris" / f"{target.name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    arguments = [
        f"-max_total_time={seconds:.0f}", f"-seed={first_seed % 2**31 or 1}", f"-max_len={MOST_BYTES}", "-timeout=20",
        "-rss_limit_mb=1024", "-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={place.parent}/{target.name}-",
    ]  # fmt: skip
    if target.words:
        arguments.append(f"-dict={words}")
    command = [sys.executable, "-m", "tests.fuzz.by_branches", target.name, *arguments, str(place)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    said = ran.stderr.splitlines()
    runs = next((line.split()[-1] for line in said if "stat::number_of_executed_units" in line), "?")
    if ran.returncode:
        print(ran.stdout[-3000:], "\n".join(said[-60:]), flush=True)
    print(f"{target.name}: libFuzzer, {runs} inputs, corpus of {len(list(place.iterdir()))}", flush=True)
    return ran.returncode


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word[:64])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="for each target and way")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--only", action="append", choices=[target.name for target in TARGETS])
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--input", type=Path, help="run one input again")
    given_arguments = parser.parse_args()
    targets = [target for target in TARGETS if not given_arguments.only or target.name in given_arguments.only]
    if given_arguments.input:
        for target in targets:
            target.check(given_arguments.input.read_bytes())
        return 0
    has_atheris = importlib.util.find_spec("atheris") is not None
    print(f"seed {given_arguments.seed}, corpus in {given_arguments.corpus}" + ("" if has_atheris else "; no atheris"))
    failed: list[str] = []
    for target in targets:
        times = (given_arguments.seconds, given_arguments.seed, given_arguments.corpus)
        try:
            print(f"{target.name}: Hypothesis, {by_rules(target, *times)} inputs", flush=True)
        except Exception as error:
            failed.append(target.name)
            sys.excepthook(type(error), error, error.__traceback__)
        if has_atheris and by_branches(target, *times):
            failed.append(target.name)
    print(f"failed: {', '.join(failed)}" if failed else f"{len(targets)} targets, nothing found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
