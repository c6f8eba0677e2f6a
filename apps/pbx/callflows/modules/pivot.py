from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from apps.foundation.crossbar.errors import ValidationFailed
from apps.pbx.callflows.ending import at_end
from apps.pbx.callflows.flow_validation import validate_flow
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, go_on_in
from apps.pbx.endpoints.documents import BlankIsAbsent
from apps.pbx.pivot.asking import NoAnswer, Question, Reply, ask, note_errors
from apps.pbx.pivot.ended import DUTY
from apps.pbx.pivot.talking import Talk
from apps.switching.calls.port import Call

Small = BeforeValidator(lambda text: text.lower() if isinstance(text, str) else text)


class PivotData(VerbData):
    voice_url: str = Field(
        min_length=8, max_length=2048, pattern=r"^https?://", description="Whom to ask what the call is to do."
    )
    method: Annotated[Literal["get", "post"], Small] = Field("get", description="How it is asked.")
    req_body_format: Literal["form", "json"] = Field("form", description="With `post`: how the parameters are written.")
    req_format: Literal["kazoo", "twiml"] = Field(
        "kazoo", description="What comes back where its content type does not say: a callflow in JSON, or TwiML."
    )
    req_timeout_ms: int = Field(5000, ge=100, le=5000, description="The longest wait for an answer. Milliseconds.")
    cdr_url: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=2048, pattern=r"^https?://", description="Where the call's record is sent when it is over."
    )
    debug: bool = Field(False, description="Keep what was asked and answered for a week (`/pivot/debug`).")


class AskServer(Verb[PivotData]):
    """Ask a web server what the call is to do: it answers with a callflow, or with TwiML. The flow goes on there and
    not here; only where the server does not say what to do does it go on at `_`."""

    Data = PivotData
    children: ClassVar[dict[str, str]] = {"_": "the server cannot be asked, or its answer is not understood"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"voice_url": "https://pbx.example.com/flow", "method": "post", "req_body_format": "json"},
        {"voice_url": "https://pbx.example.com/voice", "req_format": "twiml", "debug": True},
    )

    async def run(self, call: Call, data: PivotData) -> Branch:
        if data.cdr_url:
            await at_end(call, DUTY, {"url": data.cdr_url})
        await call.ring_ready()
        question = Question(
            url=data.voice_url,
            method=data.method,
            as_json=data.req_body_format == "json",
            language=data.req_format,
            seconds=data.req_timeout_ms / 1000,
            debug=data.debug,
        )
        try:
            reply = await ask(call, question)
        except NoAnswer as error:
            return go_on(why=f"not asked: {error}")
        if _is_twiml(reply, data):
            return await Talk(call, replace(question, url=reply.url)).through(reply)
        return await _flow(call, reply)


def _is_twiml(reply: Reply, data: PivotData) -> bool:
    kind = reply.content_type.partition(";")[0].strip().lower()
    if kind.endswith(("/xml", "+xml")):
        return True
    return data.req_format == "twiml" and not kind.endswith("json")


async def _flow(call: Call, reply: Reply) -> Branch:
    """The flow that came. What is wrong in it is kept for `debug`; the step it is wrong in is skipped when it comes."""
    try:
        flow = json.loads(reply.text)
    except (ValueError, RecursionError):
        return go_on(why="the answer is no JSON")
    if not isinstance(flow, dict) or not isinstance(flow.get("module"), str):
        return go_on(why="the answer is no callflow")
    try:
        validate_flow(flow)
    except ValidationFailed as refused:
        await note_errors(call, reply, refused.violations)
    return go_on_in(flow, why="the server sent a flow")
