"""Fails when a dependency of the product has a licence that is not on this list (docs/licences.md)."""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution

ROOT = "airut-temporal"
ALLOWED = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Python-2\.0|MPL|Mozilla|zlib|ZPL|CC0|Unlicense|0BSD|HPND",
    re.IGNORECASE,
)
NAMED = {
    "dkimpy": "zlib-like terms of its own (its LICENSE file), DFSG approved",
    "aioimaplib": "GPL-3.0, behind airut/ports/mailbox.py; see docs/licences.md",
}
"""Dependencies under other terms, each with the reason why it may stay."""


def licence(found: Distribution) -> str:
    """What the distribution says of itself: the SPDX expression, else its classifiers, else its free text."""
    metadata = found.metadata
    classifiers = [value for value in metadata.get_all("Classifier", []) if value.startswith("License ::")]
    return metadata.get("License-Expression") or "; ".join(classifiers) or (metadata.get("License") or "")[:200]


def closure(root: str) -> dict[str, Distribution]:
    """The installed distributions that the root needs, itself left out."""
    waiting, found = [root], {}
    while waiting:
        name = waiting.pop()
        try:
            known = distribution(name)
        except PackageNotFoundError:
            continue  # an extra or another platform's
        if name != root:
            found[name] = known
        for requirement in known.requires or []:
            needed = re.split(r"[\s;<>=!~\[(]", requirement, maxsplit=1)[0].lower().replace("_", "-")
            if "extra ==" not in requirement and needed not in found and needed not in waiting:
                waiting.append(needed)
    return found


def main() -> int:
    wrong = [
        f"{name}: {licence(found) or 'says nothing'}"
        for name, found in sorted(closure(ROOT).items())
        if name not in NAMED and not ALLOWED.search(licence(found))
    ]
    for line in wrong:
        print(f"licence not on the list in scripts/licences.py: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
