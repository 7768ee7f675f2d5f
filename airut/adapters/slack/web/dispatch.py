"""An envelope through Bolt's app, and what it makes of it. Implements `airut.ports.slack_socket.Dispatch`."""

import json
from collections.abc import Mapping
from typing import Any

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.request import SocketModeRequest

from airut.ports.slack_socket import Acknowledged


class BoltDispatch:
    def __init__(self, app: AsyncApp) -> None:
        self._app = app

    async def __call__(self, envelope: Mapping[str, Any]) -> Acknowledged | None:
        request = SocketModeRequest.from_dict(dict(envelope))
        if request is None:
            return None
        answer = await run_async_bolt_app(self._app, request)
        if answer.status != 200:
            return None
        if not answer.body:
            return Acknowledged()
        is_json = answer.headers.get("content-type", [""])[0].startswith("application/json")
        return Acknowledged(payload=json.loads(answer.body) if is_json else {"text": answer.body})
