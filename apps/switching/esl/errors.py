"""What can go wrong on an event socket, and nothing else.

Every error here is an `EslError`; hostile or broken bytes from a peer end in exactly one of them, `ProtocolError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.switching.esl.events import Event


class EslError(Exception):
    """Base of every error this package raises on purpose."""


class ProtocolError(EslError):
    """The peer sent bytes that are not the event-socket protocol, or sent them out of turn.

    The stream is out of step from here on: drop the connection and resynchronise.
    """


class CommandRefused(EslError):
    """We refuse to send this command: a field holds CR, LF or NUL, is too large, or may not be sent in this state."""


class CommandFailed(EslError):
    """The switch answered a command with `-ERR`; `text` is its reply."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class AuthenticationFailed(EslError):
    """The switch did not accept the password, or turned the connection away (an ACL's rude rejection)."""


class ConnectionLost(EslError):
    """The connection is closed; what was sent may or may not have been carried out."""


class CommandTimeout(EslError):
    """No answer in time. The command may still be carried out later."""


class CallHungUp(EslError):
    """The call ended, or its socket did, before the operation completed.

    `cause` is FreeSWITCH's hangup cause (`NORMAL_CLEARING`, ...), None when the socket was lost without one.
    """

    def __init__(self, cause: str | None = None, event: Event | None = None) -> None:
        super().__init__(cause or "the socket was lost")
        self.cause = cause
        self.event = event
