"""Mail about calls nobody answered."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from apps.pbx.callflows import missed_calls
from apps.pbx.callflows.ending import EndedCall, duties_of, perform
from apps.pbx.callflows.registry import read_data, verbs
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.port import CallerId
from tests.pbx_office import Office, office, run

__all__ = ["office"]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missed_calls, "enqueue", lambda task, *arguments: task.run(*arguments))


def missed(office: Office, recipients: list[dict[str, Any]], **fields: Any) -> list[Any]:
    call = FakeCall(account_id=office.id)
    verb = verbs()["missed_call_alert"]
    run(verb.run(call, read_data(verb, {"recipients": recipients}, ["_"])))
    assert duties_of(call.variables)[0][0] == missed_calls.DUTY
    variables = {**call.variables, "flow_started": "1770109200000", **fields.pop("variables", {})}
    fields = {"caller_id": CallerId("Ada Baker", "+13125550111"), "destination": "+13125550100", **fields}
    ended = EndedCall(call.uuid, office.id, variables=variables, **fields)
    office.within(lambda: perform(ended))
    return mail.outbox


def test_everybody_is_told_once(office: Office) -> None:
    ada = office.user("ada", email="ada@example.com")
    recipients = [
        {"type": "email", "id": ["boss@example.com", "ada@example.com"]},
        {"type": "user", "id": ada.id},
        {"type": "user", "id": "0" * 32},
        {"type": "email", "id": "no address"},
    ]
    office.set(timezone="Europe/Berlin")
    sent = missed(office, recipients)
    assert sorted(one.to[0] for one in sent) == ["ada@example.com", "boss@example.com"]
    assert "Ada Baker" in sent[0].subject
    assert "(312) 555-0111" in sent[0].body
    assert "10" in sent[0].body, "nine o'clock UTC is ten in Berlin"
    html = sent[0].alternatives[0]
    assert (html[1], "<script" in html[0]) == ("text/html", False)


@pytest.mark.parametrize(
    "fields", [{"was_bridged": True}, {"variables": {missed_calls.MESSAGE_LEFT: "true"}}], ids=["answered", "message"]
)
def test_a_call_that_was_taken_is_not_missed(office: Office, fields: dict[str, Any]) -> None:
    assert missed(office, [{"type": "email", "id": "boss@example.com"}], **fields) == []


def test_hostile_names_and_hidden_numbers(office: Office) -> None:
    caller = CallerId("Eve\nBcc: all@example.com <script>", "")
    [sent] = missed(office, [{"type": "email", "id": "boss@example.com"}], caller_id=caller)
    assert "\n" not in sent.subject
    assert sent.bcc == []
    assert "<script>" not in sent.alternatives[0][0]
