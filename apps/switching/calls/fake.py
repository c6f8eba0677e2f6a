"""A call that follows a script: for unit tests and for trying a callflow without a switch.

`did` is what was done to it, in order, as `(what, detail)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from apps.switching.calls.dial_string import dial_string, safe_variables
from apps.switching.calls.port import BridgeRequest, BridgeResult, CallerHungUp, CallerId, CallKind

NOBODY_ANSWERED = BridgeResult(answered=False, cause="NO_ANSWER")
ANSWERED = BridgeResult(answered=True, cause="SUCCESS")


@dataclass
class FakeCall:
    """`bridges` are the results of bridges in turn, `digits` what the caller presses when asked; both run out into
    nobody answering and silence. With `hangs_up_after` the caller leaves in the middle of that many-th action."""

    uuid: str = "11111111-2222-3333-4444-555555555555"
    account_id: str = "a" * 32
    caller_id: CallerId = field(default_factory=lambda: CallerId("Ada", "1001"))
    original_caller_id: CallerId = field(default_factory=lambda: CallerId("Ada", "1001"))
    destination: str = "2000"
    call_kind: CallKind = "internal"
    authorizing_id: str = ""
    owner_id: str = ""
    interaction_id: str = "63900000000-deadbeef"
    variables: Mapping[str, str] = field(default_factory=dict)
    is_answered: bool = False
    bridges: Iterable[BridgeResult] = ()
    digits: Iterable[str] = ()
    hangs_up_after: int | None = None
    did: list[tuple[str, str]] = field(default_factory=list)
    requests: list[BridgeRequest] = field(default_factory=list)
    ended_with: str = ""

    def __post_init__(self) -> None:
        self._bridges, self._digits = iter(self.bridges), iter(self.digits)

    @property
    def verbs(self) -> list[str]:
        """What was done, without the details."""
        return [what for what, _detail in self.did]

    def _note(self, what: str, detail: str = "") -> None:
        if self.ended_with:
            raise CallerHungUp(self.ended_with)
        self.did.append((what, detail))
        if self.hangs_up_after is not None and len(self.did) >= self.hangs_up_after:
            self.ended_with = "ORIGINATOR_CANCEL"
            raise CallerHungUp(self.ended_with)

    async def answer(self) -> None:
        self._note("answer")
        self.is_answered = True

    async def ring_ready(self) -> None:
        self._note("ring_ready")

    async def pre_answer(self) -> None:
        self._note("pre_answer")

    async def play(self, media: str, terminators: str = "", *, loops: int = 1) -> str:
        self._note("play", media)
        return ""

    async def speak(self, text: str, voice: str = "", language: str = "") -> None:
        self._note("speak", text)

    async def collect(
        self,
        prompt: str = "",
        *,
        minimum: int = 1,
        maximum: int,
        timeout: int,
        interdigit_timeout: int,
        terminators: str = "#",
    ) -> str:
        self._note("collect", prompt)
        return next(self._digits, "")[:maximum]

    async def sleep(self, milliseconds: int) -> None:
        self._note("sleep", str(milliseconds))

    async def bridge(self, request: BridgeRequest) -> BridgeResult:
        text = dial_string(request.legs, request.variables)
        self.requests.append(request)
        self._note("bridge", text)
        result = next(self._bridges, NOBODY_ANSWERED)
        self.is_answered = self.is_answered or result.answered
        return result

    async def set_variables(self, variables: Mapping[str, str], *, export: bool = False) -> None:
        safe_variables(variables)
        self._note("set_variables", ",".join(sorted(variables)))
        self.variables = {**self.variables, **variables}

    async def set_caller_id(self, caller_id: CallerId) -> None:
        self._note("set_caller_id", f"{caller_id.name} <{caller_id.number}>")
        self.caller_id = replace(caller_id)

    async def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        if not self.ended_with:
            self.did.append(("hang_up", cause))
            self.ended_with = cause

    async def respond(self, code: int, reason: str = "") -> None:
        self._note("respond", f"{code} {reason}".strip())
        self.ended_with = f"SIP {code}"
