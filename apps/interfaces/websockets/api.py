"""The API's `websockets`: what can be listened to, and who listens now."""

from typing import Any, cast

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer, Rows
from apps.foundation.crossbar.descriptions import register_description
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, SystemResource
from apps.foundation.identity.principal import Role
from apps.interfaces.websockets.asyncapi import document_bytes
from apps.interfaces.websockets.bindings import available_bindings
from apps.interfaces.websockets.sessions import open_session, open_sessions

register_description("asyncapi.json", document_bytes)


class BindingsResource(SystemResource):
    """What a client of the websocket can listen to: every binding there is, by the kind of event.

    `{CALL_ID}` is a call's id or `*`. Subscribe on `/websocket` with
    `{"action": "subscribe", "auth_token": "…", "data": {"account_id": "…", "binding": "call.CHANNEL_CREATE.*"}}`.

    With `"snapshot": true` beside the binding the reply says what is going on now (`snapshot`) and a `sequence`; what
    follows is everything that changed since, each frame with the next `sequence`. Events and frames are described by
    `/v2/asyncapi.json`.
    """

    path = "websockets"
    access = Access(public=("GET",))

    def list(self, request: ApiRequest) -> Any:
        """Every binding a client can subscribe to."""
        return available_bindings()


class WebsocketResource(AccountResource):
    """Websockets that listen to this account now, with their bindings. A client that went away without a word is
    listed for up to two minutes more."""

    path = "websockets"
    access = Access(read=Role.ACCOUNT_ADMIN)

    def list(self, request: ApiRequest) -> Any:
        """The open websockets of the account, oldest first."""
        return Rows(open_sessions(request.account.id))

    def find(self, request: ApiRequest) -> Any:
        self.check_id(request)
        session = open_session(request.account.id, request.id)
        if session is None:
            raise NotFound(request.id)
        return session

    def get(self, request: ApiRequest, instance: Any) -> Any:
        """One websocket and what it listens to."""
        return Answer(cast("dict[str, Any]", instance))
