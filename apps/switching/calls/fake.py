"""A call that follows a script: for unit tests and for trying a callflow without a switch.

`did` is what was done to it, in order, as `(what, detail)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from apps.switching.calls.commands import NodeCommand
from apps.switching.calls.dial_string import dial_string, safe_variables
from apps.switching.calls.port import (
    BridgeRequest,
    BridgeResult,
    CallerHungUp,
    CallerId,
    CallerLeft,
    CallKind,
    ConferenceRequest,
    DigitListener,
    Listening,
    Recorded,
    RecordRequest,
    Side,
    SwitchRefused,
)
from apps.switching.calls.recording_names import recording_name

NOBODY_ANSWERED = BridgeResult(answered=False, cause="NO_ANSWER")
ANSWERED = BridgeResult(answered=True, cause="SUCCESS", other_leg="22222222-3333-4444-5555-666666666666")
RECORDINGS = "/var/lib/freeswitch/recordings"


@dataclass
class FakeCall:
    """A caller who does what the script says, each list in turn:

    - `bridges`: how bridges end; afterwards nobody answers.
    - `digits`: what is pressed when asked (`collect`); afterwards nothing.
    - `keys`: the key pressed while something with terminators plays, waits or records, `""` for none; one that is not
      among the terminators has no effect. Afterwards none.
    - `recorded`: how many milliseconds each recording lasts; afterwards 3,000. `0` is silence.
    - `intercepts`: whether each intercept works; afterwards it does not.
    - `faxes`: whether a fax is heard; afterwards not.
    - `conversation`: keys pressed in each bridge that is answered, as `(digit, "caller" or "called")`, told to its
      `on_digit`.
    - `answers`: what the switch says to `tell_switch`; afterwards `+OK`. One that begins with `-` is refused.

    With `hangs_up_after` the caller leaves in the middle of that many-th action; with `picked_up_after` somebody
    takes the call away then (`CallerLeft`).
    """

    uuid: str = "11111111-2222-3333-4444-555555555555"
    account_id: str = "a" * 32
    caller_id: CallerId = field(default_factory=lambda: CallerId("Ada", "1001"))
    original_caller_id: CallerId = field(default_factory=lambda: CallerId("Ada", "1001"))
    destination: str = "2000"
    call_kind: CallKind = "internal"
    authorizing_id: str = ""
    owner_id: str = ""
    interaction_id: str = "63900000000-deadbeef"
    switch: str = "local"
    variables: Mapping[str, str] = field(default_factory=dict)
    is_answered: bool = False
    bridges: Iterable[BridgeResult] = ()
    digits: Iterable[str] = ()
    keys: Iterable[str] = ()
    recorded: Iterable[int] = ()
    intercepts: Iterable[bool] = ()
    faxes: Iterable[bool] = ()
    conversation: Iterable[tuple[str, Side]] = ()
    answers: Iterable[str] = ()
    hangs_up_after: int | None = None
    picked_up_after: int | None = None
    did: list[tuple[str, str]] = field(default_factory=list)
    requests: list[BridgeRequest] = field(default_factory=list)
    conferences: list[ConferenceRequest] = field(default_factory=list)
    ended_with: str = ""

    def __post_init__(self) -> None:
        self._bridges, self._digits, self._keys = iter(self.bridges), iter(self.digits), iter(self.keys)
        self._recorded, self._intercepts, self._faxes = iter(self.recorded), iter(self.intercepts), iter(self.faxes)
        self._answers = iter(self.answers)
        self._left, self._bridged_to = False, ""

    @property
    def verbs(self) -> list[str]:
        """What was done, without the details."""
        return [what for what, _detail in self.did]

    def details(self, what: str) -> list[str]:
        """The details of one kind of action, in order."""
        return [detail for done, detail in self.did if done == what]

    def _note(self, what: str, detail: str = "") -> None:
        if self.ended_with:
            raise CallerLeft(self.ended_with) if self._left else CallerHungUp(self.ended_with)
        self.did.append((what, detail))
        if self.hangs_up_after is not None and len(self.did) >= self.hangs_up_after:
            self.ended_with = "ORIGINATOR_CANCEL"
            raise CallerHungUp(self.ended_with)
        if self.picked_up_after is not None and len(self.did) >= self.picked_up_after:
            self._leave("intercepted")

    def _leave(self, why: str) -> None:
        self.ended_with, self._left = why, True
        raise CallerLeft(why)

    def _key(self, terminators: str) -> str:
        pressed = next(self._keys, "") if terminators else ""
        return pressed if pressed and pressed in terminators else ""

    async def answer(self) -> None:
        self._note("answer")
        self.is_answered = True

    async def ring_ready(self) -> None:
        self._note("ring_ready")

    async def pre_answer(self) -> None:
        self._note("pre_answer")

    async def play(self, media: str, terminators: str = "", *, loops: int = 1, seconds: int | None = None) -> str:
        self._note("play", media)
        return self._key(terminators)

    async def wait(self, seconds: float | None = None, media: str = "", terminators: str = "") -> str:
        self._note("wait", f"{'' if seconds is None else f'{seconds:g}'} {media}".strip())
        pressed = self._key(terminators)
        if seconds is None and not pressed:
            # Nothing else ends such a wait.
            self.ended_with = "ORIGINATOR_CANCEL"
            raise CallerHungUp(self.ended_with)
        return pressed

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

    async def send_digits(self, digits: str, milliseconds: int = 100) -> None:
        self._note("send_digits", digits)

    async def detect_fax(self, seconds: int) -> bool:
        self._note("detect_fax", str(seconds))
        return next(self._faxes, False)

    async def record(self, request: RecordRequest) -> Recorded:
        path = self.recording_path(request.file)
        self._note("record", request.file)
        milliseconds = min(next(self._recorded, 3_000), request.limit * 1000)
        return Recorded(request.file, path, milliseconds, self._key(request.terminators))

    def recording_path(self, file: str) -> str:
        return f"{RECORDINGS}/{recording_name(file)}"

    async def start_recording(
        self,
        file: str,
        *,
        limit: int = 0,
        stereo: bool = True,
        minimum: int = 0,
        after_answer: bool = False,
        after_bridge: bool = False,
    ) -> str:
        path = self.recording_path(file)
        self._note("start_recording", file)
        return path

    async def stop_recording(self, file: str) -> None:
        self._note("stop_recording", recording_name(file))

    async def pause_recording(self, file: str, paused: bool) -> None:
        self._note("pause_recording" if paused else "resume_recording", recording_name(file))

    async def bridge(self, request: BridgeRequest) -> BridgeResult:
        text = dial_string(request.legs, request.variables)
        self.requests.append(request)
        self._note("bridge", text)
        result = next(self._bridges, NOBODY_ANSWERED)
        self.is_answered = self.is_answered or result.answered
        if result.answered:
            self._bridged_to = result.other_leg or self.uuid
            if request.on_connected is not None:
                await request.on_connected(result.other_leg)
            if request.on_digit is not None:
                for digit, side in self.conversation:
                    await request.on_digit(digit, side)
        return result

    async def conference(self, request: ConferenceRequest) -> None:
        self.conferences.append(request)
        self._note("conference", request.name)
        self.is_answered = True

    async def intercept(self, uuid: str) -> bool:
        self._note("intercept", uuid)
        if next(self._intercepts, False):
            self._leave("intercept")
        return False

    async def overhear(self, other_leg: str, on_digit: DigitListener) -> None:
        self.did.append(("overhear", other_leg))

    async def eavesdrop(self, uuid: str, mode: Listening = "listen") -> None:
        self._note("eavesdrop", f"{uuid} {mode}")

    async def hold(self, on: bool) -> None:
        self._note("hold" if on else "unhold")

    async def transfer(self, target: str) -> None:
        self._note("transfer", target)
        self._leave("transfer")

    async def tell_switch(self, command: NodeCommand) -> str:
        self._note("tell_switch", f"{command.name} {command.arguments}".strip())
        answer = next(self._answers, "+OK")
        if answer.startswith("-"):
            raise SwitchRefused(answer)
        return answer

    async def set_variables(self, variables: Mapping[str, str], *, export: bool = False) -> None:
        safe_variables(variables)
        self._note("set_variables", ",".join(sorted(variables)))
        self.variables = {**self.variables, **variables}

    async def remember(self, variables: Mapping[str, str]) -> None:
        safe_variables(variables)
        merged = {**self.variables, **variables}
        self.variables = {name: value for name, value in merged.items() if value}

    async def last_variables(self) -> Mapping[str, str]:
        """With the channel id of whom it was bridged to, as the switch has it."""
        return {**self.variables, **({"last_bridge_to": self._bridged_to} if self._bridged_to else {})}

    async def set_destination(self, number: str) -> None:
        self._note("set_destination", number)
        self.destination = number

    async def set_owner(self, user_id: str) -> None:
        self._note("set_owner", user_id)
        self.owner_id = user_id

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
