"""The files of a post in Slack (spec: slack §11; https://docs.slack.dev/reference/objects/file-object). Pure."""

from collections.abc import Mapping
from typing import Any

from airut.models.threads.message import RemoteFile
from airut.models.values.file_names import distinct, safe_name

CHECK = "check_file_info"
"""The `file_access` of a file of which a post tells no more than the id: `files.info` knows the rest."""
_EXTENSIONS = {
    "bash": ".sh", "csharp": ".cs", "haskell": ".hs", "javascript": ".js", "kotlin": ".kt", "latex": ".tex",
    "markdown": ".md", "perl": ".pl", "powershell": ".ps1", "python": ".py", "ruby": ".rb", "rust": ".rs",
    "shell": ".sh", "text": ".txt", "typescript": ".ts",
}  # fmt: skip
"""Of snippets, by Slack's `filetype`; the others are their own extension (`go`, `sql`, `yaml`)."""


def files_of(body: Mapping[str, Any], most: int) -> tuple[tuple[RemoteFile, ...], tuple[str, ...]]:
    """The files that can be fetched, and a note for each that cannot."""
    found: list[RemoteFile] = []
    notes: list[str] = []
    taken: set[str] = set()
    for number, file in enumerate(body.get("files") or (), 1):
        media_type = str(file.get("mimetype") or "application/octet-stream")
        name = distinct(safe_name(_called(file), media_type, number), taken)
        if why := _obstacle(file, room=len(found) < most):
            notes.append(f"the file {name} was left out: {why}")
            continue
        url = "" if file.get("file_access") == CHECK else _address(file)
        size = int(file.get("size") or 0)
        found.append(RemoteFile(id=str(file.get("id")), name=name, media_type=media_type, size=size, url=url))
    return tuple(found), tuple(notes)


def _address(file: Mapping[str, Any]) -> str:
    return str(file.get("url_private_download") or file.get("url_private") or "")


def _called(file: Mapping[str, Any]) -> str:
    """As its author called it; a snippet with the extension of its language."""
    called = str(file.get("name") or file.get("title") or "")
    kind = str(file.get("filetype") or "")
    if file.get("mode") != "snippet" or not kind.isalnum() or "." in called.strip("."):
        return called
    return f"{called or 'snippet'}{_EXTENSIONS.get(kind, f'.{kind}')}"


def _obstacle(file: Mapping[str, Any], *, room: bool) -> str:
    """Why a file cannot be had; the empty string when it can."""
    mode, access = file.get("mode"), file.get("file_access")
    if mode == "tombstone" or access == "file_not_found":
        return "it was deleted"
    if mode == "hidden_by_limit":
        return "Slack hides it, since the workspace's storage is full"
    if mode == "external" or file.get("is_external"):
        return "it lies with another service; send the file itself"
    if access == "access_denied":
        return "Slack does not let us read it"
    if access != CHECK and (mode in ("canvas", "quip", "list", "post", "space") or not _address(file)):
        return "it is no file that can be fetched; send its text"
    return "" if room else "there are too many files"
