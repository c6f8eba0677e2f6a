"""TwiML, done: the steps of a document one after the other, and further documents as they ask for them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.outbound import NotReachable, public_address
from apps.pbx.callflows.call_variables import digits_name, remember
from apps.pbx.callflows.queries import find_flow
from apps.pbx.callflows.registry import Branch, Verb, go_on, read_data, stop, verbs
from apps.pbx.endpoints.legs import EXPORTED, OWN_CALLS
from apps.pbx.media.languages import normal
from apps.pbx.media.outside import NoSuchSound, outside_sound
from apps.pbx.media.speech import File, Part, Words, sound
from apps.pbx.pivot.asking import NoAnswer, Question, Reply, ask
from apps.pbx.pivot.twiml import BadTwiml, Step, read_twiml
from apps.pbx.recordings.calling import record_caller
from apps.pbx.recordings.wanting import Wanted
from apps.switching.calls.dial_string import Contact, Leg, Redial, UnsafeValue
from apps.switching.calls.port import ALL_KEYS, BridgeRequest, BridgeResult, Call, CallerId
from kazoo.environment import environment

logger = logging.getLogger(__name__)
#: Documents and steps of one call; more is taken for a loop.
MOST_DOCUMENTS, MOST_STEPS = 100, 1000
BEEP = "tone_stream://%(500,0,640)"
NO_ONE = "NO_ROUTE_DESTINATION"
#: The switch's SIP profile towards the internet.
OUTSIDE = "external"
_SIP = re.compile(
    r"sips?:[A-Za-z0-9+*#._\-]{1,64}@(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]{1,253})(?::(\d{1,5}))?(?:;[^\s;]+)*"
)
_STATUSES = {
    "SUCCESS": "completed",
    "USER_BUSY": "busy",
    "NO_ANSWER": "no-answer",
    "NO_USER_RESPONSE": "no-answer",
    "CALL_REJECTED": "busy",
    "ORIGINATOR_CANCEL": "canceled",
}


@dataclass(frozen=True, slots=True)
class Next:
    """Where a document goes on: another one, or the end of the call."""

    question: Question | None = None
    branch: Branch | None = None


@dataclass
class Talk:
    """One call on its way through documents. `question` is what the last one answered."""

    call: Call
    question: Question
    documents: int = 1
    steps: int = 0

    async def through(self, reply: Reply) -> Branch:
        """Do what the documents say, until the call is over. Raises CallerHungUp.

        Goes on at `_` where a server does not answer any more, or not in TwiML.
        """
        while True:
            try:
                found = await self._document(read_twiml(reply.text))
            except BadTwiml as error:
                return go_on(why=f"no TwiML: {error}")
            if found.branch is not None:
                return found.branch
            if found.question is None:
                return stop(why="the document is done")
            if self.documents >= MOST_DOCUMENTS or self.steps >= MOST_STEPS:
                return go_on(why=f"{self.documents} documents, taken for a loop")
            self.documents += 1
            self.question = replace(found.question, iteration=self.documents)
            try:
                reply = await ask(self.call, self.question)
            except NoAnswer as error:
                return go_on(why=f"no answer: {error}")
            self.question = replace(self.question, url=reply.url)

    async def _document(self, steps: list[Step]) -> Next:
        for step in steps:
            self.steps += 1
            if self.steps > MOST_STEPS:
                break
            found = await _DOES[step.name](self, step)
            if found is not None:
                return found
        return Next()

    def asks(self, step: Step, more: Mapping[str, str], default: bool = True) -> Next | None:
        """The document a step's `action` names; without one the same again (`default`), or the next step."""
        action = step.get("action")
        if not action and not default:
            return None
        return Next(self._question(action or self.question.url, step.get("method") or "POST", more))

    def _question(self, url: str, method: str, more: Mapping[str, str]) -> Question:
        method = method.upper() if method.upper() in ("GET", "POST") else "POST"
        return replace(self.question, url=urljoin(self.question.url, url), method=method, more=more)

    async def say(self, step: Step) -> Next | None:
        await self.call.answer()
        await self._heard(step)
        return None

    async def _heard(self, step: Step) -> None:
        loops = step.number("loop", 1, most=1000)
        if step.name == "Play" and (digits := step.get("digits")):
            try:
                await self.call.send_digits(digits)
            except ValueError:
                logger.info("call %s: not digits: %r", self.call.uuid, digits[:80])
        if step.name == "Pause":
            await self.call.sleep(step.number("length", 1) * 1000)
        elif part := _part(step):
            await self.call.play(await sound(self.call, part), loops=loops)

    async def gather(self, step: Step) -> Next | None:
        """Keys, while what is in it is heard or after it."""
        await self.call.answer()
        parts = [part for one in step.inner for part in [_part(one)] * one.number("loop", 1, least=1, most=5) if part]
        keys = step.get("finishOnKey", "#")
        digits = await self.call.collect(
            await sound(self.call, *parts) if parts else "",
            maximum=step.number("numDigits", 32, least=1, most=64),
            timeout=step.number("timeout", 5, least=1, most=600) * 1000,
            interdigit_timeout=step.number("timeout", 5, least=1, most=60) * 1000,
            terminators=keys if keys and set(keys) <= set(ALL_KEYS) else "",
        )
        if not digits:
            return None
        await self.call.set_variables({digits_name("default"): digits})
        return self.asks(step, {"Digits": digits})

    async def record(self, step: Step) -> Next | None:
        await self.call.answer()
        if step.get("playBeep", "true").lower() != "false":
            await self.call.play(BEEP)
        limit = step.number("maxLength", 600, least=5, most=3600)
        wanted = Wanted(origin="pivot", format="mp3", limit=limit, name="pivot")
        said = await record_caller(self.call, wanted)
        if not said.milliseconds:
            return None
        address = f"{environment.public_url}v2/accounts/{self.call.account_id}/recordings/{said.recording_id}/raw"
        told = {"RecordingUrl": address, "RecordingSid": said.recording_id}
        return self.asks(step, {**told, "RecordingDuration": str(round(said.milliseconds / 1000))})

    async def dial(self, step: Step) -> Next | None:
        if step.get("callerId"):
            await self.call.set_caller_id(CallerId("", step.get("callerId")[:35]).or_else(self.call.caller_id))
            await self.call.set_variables({"caller_id_chosen": "true"})
        timeout = step.number("timeout", 30, least=5, most=600)
        cause = NO_ONE
        for one in step.inner or (Step("Number", step.text),):
            cause = await self._rung(one, timeout)
            if cause == "SUCCESS":
                break
        return self.asks(step, {"DialCallStatus": _STATUSES.get(cause, "failed")}, default=False)

    async def _rung(self, whom: Step, timeout: int) -> str:
        """The hangup cause, SUCCESS where somebody answered."""
        if whom.name == "Conference":
            branch = await self._verb("conference", {"id": whom.text})
            return "SUCCESS" if branch is not None and branch.stops else NO_ONE
        if whom.name in ("User", "Device"):
            return _cause(await self._verb(whom.name.lower(), {"id": whom.text, "timeout": timeout}))
        if whom.name == "Sip":
            return await self._sip(whom, timeout)
        number = whom.text.replace(" ", "")
        on_net = await in_account(self.call.account_id, _is_on_net, number)
        if not on_net:
            return _cause(await self._verb("resources", {"to_did": number, "timeout": timeout}))
        result = await self._bridged(number, timeout)
        return result.cause

    async def _sip(self, whom: Step, timeout: int) -> str:
        """A SIP address anywhere on the internet, with the name and password it asks for."""
        try:
            host = await asyncio.to_thread(_public_host, whom.text)
            own = {"sip_auth_username": whom.get("username"), "sip_auth_password": whom.get("password")}
            leg = Leg(Contact(whom.text, OUTSIDE), timeout, 0, {name: text for name, text in own.items() if text})
            str(leg)
        except (NotReachable, UnsafeValue) as error:
            logger.info("call %s: not dialled: %s", self.call.uuid, error)
            return NO_ONE
        logger.info("call %s: dials %s", self.call.uuid, host)
        shared = {"interaction_id": self.call.interaction_id, "call_kind": "outbound"}
        return (await self.call.bridge(BridgeRequest((leg,), timeout=timeout, variables=shared))).cause

    async def _bridged(self, number: str, timeout: int) -> BridgeResult:
        variables = {
            "account_id": self.call.account_id,
            "authorizing_id": self.call.authorizing_id,
            "owner_id": self.call.owner_id,
            "call_kind": "internal",
            "caller_id_kept": "true",
            "loopback_export": EXPORTED,
        }
        try:
            leg = Leg(Redial(number, OWN_CALLS), timeout, 0, variables)
            str(leg)
        except UnsafeValue:
            return BridgeResult(answered=False, cause=NO_ONE)
        shared = {"interaction_id": self.call.interaction_id}
        return await self.call.bridge(BridgeRequest((leg,), timeout=timeout, variables=shared))

    async def _verb(self, name: str, data: Mapping[str, Any]) -> Branch | None:
        verb: Verb[Any] | None = verbs().get(name)
        return await verb.run(self.call, read_data(verb, data)) if verb is not None else None

    async def redirect(self, step: Step) -> Next | None:
        return Next(self._question(step.text, step.get("method") or "POST", {}))

    async def hangup(self, _step: Step) -> Next | None:
        return Next(branch=stop(why="<Hangup>", cause="NORMAL_CLEARING"))

    async def reject(self, step: Step) -> Next | None:
        busy = step.get("reason") == "busy"
        await self.call.respond(*((486, "Busy Here") if busy else (603, "Decline")))
        return Next(branch=stop(why="<Reject>"))

    async def keep(self, step: Step) -> Next | None:
        """Variables of the customer's own, as the verb `set_variables` has them."""
        named = {one.get("key"): one.get("value") or one.text for one in step.inner or (step,)}
        await remember(self.call, {name: value for name, value in named.items() if name})
        return None


_DOES: Mapping[str, Callable[[Talk, Step], Awaitable[Next | None]]] = {
    "Say": Talk.say,
    "Play": Talk.say,
    "Pause": Talk.say,
    "Gather": Talk.gather,
    "Record": Talk.record,
    "Dial": Talk.dial,
    "Redirect": Talk.redirect,
    "Hangup": Talk.hangup,
    "Reject": Talk.reject,
    "Variables": Talk.keep,
    "Set": Talk.keep,
}


def _part(step: Step) -> Part | None:
    """What is heard, None where that is nothing."""
    if step.name == "Say" and step.text:
        voice = {"man": "male", "woman": "female", "alice": "female"}.get(step.get("voice").lower(), step.get("voice"))
        return Words(step.text, voice, normal(step.get("language")) if step.get("language") else "")
    if step.name == "Pause":
        return File(f"silence_stream://{step.number('length', 1, most=60) * 1000}")
    try:
        return File(outside_sound(step.text)) if step.name == "Play" and step.text else None
    except NoSuchSound:
        logger.info("not played: %r", step.text[:200])
        return None


def _public_host(address: str) -> str:
    """The host of a SIP URI (RFC 3261 §19.1). Raises NotReachable for what is none, or not on the internet."""
    found = _SIP.fullmatch(address)
    if found is None:
        raise NotReachable(f"not a SIP address: {address[:80]!r}")
    public_address(found[1].strip("[]"), int(found[2] or 5060))
    return found[1]


def _cause(branch: Branch | None) -> str:
    if branch is None:
        return NO_ONE
    return "SUCCESS" if branch.stops else branch.cause or NO_ONE


def _is_on_net(number: str) -> bool:
    found = find_flow(number)
    return found is not None and not found.is_no_match
