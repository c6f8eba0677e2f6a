"""Live calls and call history: what a line says, who hangs up what, filters, legs and CSV."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from apps.switching.calls import tasks
from apps.switching.calls.models import LiveChannel
from tests.integration.identity.conftest import Cast
from tests.integration.interfaces.portal.conftest import Furnished, finish_call, register

HTMX = {"HX-Request": "true"}


def test_a_reseller_sees_the_live_calls_below(bakery: Furnished, cast: Cast, nora: Client, alice: Client) -> None:
    own = alice.get(f"/portal/{bakery.account.id}/live").context
    assert ([call["from_name"] for call in own["calls"]], own["show_account"]) == (["Ada"], False)
    above = nora.get(f"/portal/{cast.tree.north.id}/live").context
    assert [(call["account_name"], call["state"]) for call in above["calls"]] == [("Bakery", "ringing")]
    rows = alice.get(f"/portal/{bakery.account.id}/live/rows", headers=HTMX).content.decode()
    assert "<html" not in rows
    assert "Ada" in rows


def test_hanging_up_tells_the_switch(
    bakery: Furnished, alice: Client, nora: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks.hang_up, "delay", lambda *what: told.append(what))
    answer = alice.post(f"/portal/{bakery.account.id}/live/{bakery.call_id}/hang-up", headers=HTMX)
    assert (answer.status_code, "toast" in answer["HX-Trigger"]) == (204, True)
    assert nora.post(f"/portal/{cast.tree.north.id}/live/{bakery.call_id}/hang-up").status_code == 302
    assert told == [(bakery.account.id, bakery.call_id)] * 2
    assert nora.post(f"/portal/{cast.tree.clinic.id}/live/{bakery.call_id}/hang-up").status_code == 404


def test_a_phone_is_asked_to_fetch_its_settings(
    bakery: Furnished, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks.sync_device, "delay", lambda *what: told.append(what))
    alice.post(f"/portal/{bakery.account.id}/devices/{bakery.device.id}/sync")
    assert told == [(bakery.account.id, bakery.device.id)]


def test_a_phones_state_follows_registrations_and_calls(bakery: Furnished, alice: Client) -> None:
    url = f"/portal/{bakery.account.id}/devices/{bakery.device.id}"
    assert alice.get(url).context["device"]["state"] == "unregistered"
    contact = register(bakery.device, bakery.account)
    shown = alice.get(url).context["device"]
    assert (shown["state"], shown["address"], shown["transport"]) == ("registered", "192.0.2.7:5060", "tcp")
    LiveChannel.objects.filter(uuid=bakery.call_id).update(authorizing_id=bakery.device.id)
    assert alice.get(url).context["device"]["state"] == "ringing"
    contact.delete()
    register(bakery.device, bakery.account, seconds=-5)
    LiveChannel.objects.all().delete()
    assert alice.get(url).context["device"]["state"] == "unregistered"
    assert alice.get(f"/portal/{bakery.account.id}/").context["attention"][0]["label"] == "Front desk"


def test_history_filters_and_legs(bakery: Furnished, alice: Client) -> None:
    finish_call(bakery.account, bakery.bob, answered=False, interaction="63900000009-facade00")
    url = f"/portal/{bakery.account.id}/calls"

    def found(**query: str) -> list[str]:
        return [row["id"] for row in alice.get(url, query).context["rows"]]

    assert len(found()) == 2
    assert found(result="missed") == ["63900000009-facade00"]
    assert found(result="answered") == [bakery.interaction_id]
    assert len(found(direction="inbound")) == 2
    assert found(direction="internal") == []
    assert len(found(q="312555")) == 2
    assert found(q="nobody") == []
    assert found(to="2001-01-01") == []
    assert len(found(**{"from": "2001-01-01", "to": "not a day"})) == 2
    row = alice.get(url, {"result": "answered"}).context["rows"][0]
    assert (row["to_name"], row["duration"], row["leg_count"], row["direction"]) == ("Bob Test", 60, 2, "inbound")
    legs = alice.get(f"{url}/{bakery.interaction_id}", headers=HTMX)
    assert [(leg["direction"], leg["ring_seconds"]) for leg in legs.context["legs"]] == [
        ("inbound", 8),
        ("outbound", 8),
    ]
    assert "<html" not in legs.content.decode()


def test_a_name_is_no_formula_in_the_csv(bakery: Furnished, alice: Client) -> None:
    from apps.commerce.cdrs.models import CallRecord
    from apps.foundation.accounts.scope import account_scope

    with account_scope(bakery.account.id):
        CallRecord.objects.filter(direction="inbound").update(caller_id_name="=HYPERLINK(1)")
    answer = alice.get(f"/portal/{bakery.account.id}/calls.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    head, line = csv.reader(io.StringIO(text))
    assert len(head) == len(line) == 10
    assert line[2] == "'=HYPERLINK(1)"
    assert answer["Content-Disposition"] == 'attachment; filename="bakery.csv"'
