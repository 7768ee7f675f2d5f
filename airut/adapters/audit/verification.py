"""Whether an audit log is what was written."""

from pathlib import Path

from airut.adapters.audit.chain import Head, fault, read
from airut.adapters.audit.segments import head_file, segments
from airut.models.base import Model


class Broken(Model):
    """The first place that is not as it was written: the number of the entry that should be there."""

    seq: int
    file: str
    line: int
    why: str


class Verdict(Model):
    """`first` and `last` number what is there; both are 0 for an empty log."""

    first: int = 0
    last: int = 0
    hash: str = ""
    broken: Broken | None = None


def verified(path: Path, known: Head | None = None) -> Verdict:
    """Read all of the log. It must hold the entry that its head file names, and `known`, which somebody has kept
    elsewhere: who shortens the log and forges the head cannot forge that.

    What a writer has not finished writing does not count.
    """
    anchors = [anchor for anchor in (known, _counted(path)) if anchor is not None and anchor.seq]
    wanted = {anchor.seq: anchor.hash for anchor in anchors}
    first, head, at = 0, Head(), (path.name, 0)
    for file in segments(path):
        with file.open("rb") as lines:
            for number, text in enumerate(lines, 1):
                if not text.endswith(b"\n") and file == path:
                    break
                if not first:
                    first, head = _begin(text)
                at = (file.name, number)
                why = fault(text, head)
                if not why and wanted.get(head.seq + 1, read(text).hash) != read(text).hash:
                    why = "is not the one that was recorded: its hash was another one"
                if why:
                    broken = Broken(seq=head.seq + 1, file=file.name, line=number, why=why)
                    return Verdict(first=first, last=head.seq, hash=head.hash, broken=broken)
                entry = read(text)
                head = Head(seq=entry.seq, hash=entry.hash)
    missing = [seq for seq in wanted if seq > head.seq]
    if missing:
        why = f"is missing: the log was recorded up to number {max(missing)}"
        broken = Broken(seq=head.seq + 1, file=at[0], line=at[1] + 1, why=why)
        return Verdict(first=first, last=head.seq, hash=head.hash, broken=broken)
    return Verdict(first=first, last=head.seq, hash=head.hash if first else "")


def _begin(text: bytes) -> tuple[int, Head]:
    """Files that were full may have been put away: the log begins where it begins. Anything else than an entry is
    found to be wrong at number 1."""
    try:
        entry = read(text)
    except ValueError:
        return 1, Head()
    return entry.seq, Head(seq=entry.seq - 1, hash=entry.prev)


def _counted(path: Path) -> Head | None:
    try:
        return Head.model_validate_json(head_file(path).read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
