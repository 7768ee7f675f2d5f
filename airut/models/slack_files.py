"""The files of a post in Slack (spec: slack §11). Pure."""

from collections.abc import Mapping
from typing import Any

from airut.models.file_names import distinct, safe_name
from airut.models.message import RemoteFile


def files_of(body: Mapping[str, Any], most: int) -> tuple[tuple[RemoteFile, ...], tuple[str, ...]]:
    """The files that can be fetched, and a note for each that cannot."""
    found: list[RemoteFile] = []
    notes: list[str] = []
    taken: set[str] = set()
    for number, file in enumerate(body.get("files") or (), 1):
        media_type = str(file.get("mimetype") or "application/octet-stream")
        name = distinct(safe_name(str(file.get("name") or file.get("title") or ""), media_type, number), taken)
        url = file.get("url_private_download") or file.get("url_private")
        if why := _obstacle(file, url, room=len(found) < most):
            notes.append(f"the file {name} was left out: {why}")
        else:
            size = int(file.get("size") or 0)
            found.append(RemoteFile(id=str(file.get("id")), name=name, media_type=media_type, size=size, url=str(url)))
    return tuple(found), tuple(notes)


def _obstacle(file: Mapping[str, Any], url: object, *, room: bool) -> str:
    """Why a file cannot be had; the empty string when it can. Modes: https://docs.slack.dev/reference/objects/file-object."""
    mode = file.get("mode")
    if mode == "tombstone":
        return "it was deleted"
    if mode == "hidden_by_limit":
        return "Slack hides it, since the workspace's storage is full"
    if mode == "external" or file.get("is_external"):
        return "it lies with another service; send the file itself"
    if mode in ("canvas", "quip", "list") or not url:
        return "it is no file that can be fetched; send its text"
    return "" if room else "there are too many files"
