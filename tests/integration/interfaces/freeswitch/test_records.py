"""Records a switch hands in: written once, whatever happens in between; what cannot be read is kept."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.bridge import in_account, in_directory
from apps.foundation.accounts.models import Account
from apps.interfaces.freeswitch import intake, refusals
from apps.interfaces.freeswitch.models import RefusedRecord
from apps.interfaces.freeswitch.records import read_record
from apps.interfaces.freeswitch.tasks import repost
from tests.integration.interfaces.freeswitch.conftest import Switch, recorded_body

pytestmark = pytest.mark.django_db


def body(number: str, account_id: str, **variables: str) -> bytes:
    """A recorded record as if its call had been routed by us."""
    document = json.loads(recorded_body(number))
    given = {"account_id": account_id, "interaction_id": "63900000000-0badcafe", **variables}
    document["variables"] |= {name: quote(value) for name, value in given.items()}
    return json.dumps(document).encode()


async def record(account: Account, uuid: str) -> CallRecord | None:
    return await in_account(account.id, lambda: CallRecord.objects.filter(call_id=uuid).first())


async def refused() -> list[RefusedRecord]:
    return await in_directory(lambda: list(RefusedRecord.objects.all()))


@pytest.fixture(autouse=True)
async def _nothing_kept(company: object) -> Any:
    yield
    await in_directory(lambda: RefusedRecord.objects.all().delete())


async def test_a_leg_is_written_with_its_figures(switch: Switch, bakery: Account) -> None:
    answer = await switch.report(body("044", bakery.id, owner_id="o" * 32))
    assert answer.status_code == 200

    found = await record(bakery, "f1aef33a-ca37-4e0e-a1d9-eb1c3bad38f4")
    assert found is not None
    assert found.id.startswith("202611-")
    assert (found.direction, found.hangup_cause, found.hangup_code) == ("outbound", "NORMAL_CLEARING", "sip:200")
    assert (found.caller_id_name, found.caller_id_number) == ("User 1001", "1001")
    assert found.dialed_number == "1002"
    assert found.other_leg_call_id == "5aebda9a-ca1b-4e8e-887d-63c6857459ca"
    assert found.interaction_id == "63900000000-0badcafe"
    assert found.owner_id == "o" * 32
    # It rang for 0.3 s and was answered for 0.84 s.
    assert (found.ringing_seconds, found.billing_seconds, found.duration_seconds) == (0, 1, 1)
    assert found.document["mean_opinion_score"] == 4.5
    assert found.document["user_agent"] == "Yealink SIP-T46U 108.86.0.20"


async def test_handed_in_again_it_is_one_row(switch: Switch, bakery: Account) -> None:
    one = body("045", bakery.id)
    await asyncio.gather(*(switch.report(one) for _ in range(5)))
    await switch.report(one)
    uuid = json.loads(one)["variables"]["uuid"]
    assert await in_account(bakery.id, lambda: CallRecord.objects.filter(call_id=uuid).count()) == 1


async def test_many_legs_go_in_together(switch: Switch, bakery: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    def counted(batch: list[Any]) -> None:
        batches.append(len(batch))
        refusals.record_batch(batch)

    monkeypatch.setattr(intake, "record_batch", counted)
    await asyncio.gather(*(switch.report(body("044", bakery.id, uuid=f"many-{n}")) for n in range(150)))
    assert sum(batches) == 150
    assert len(batches) < 10
    assert await in_account(bakery.id, lambda: CallRecord.objects.filter(call_id__startswith="many-").count()) == 150


@pytest.mark.parametrize(
    "garbage", [b"", b"not json", b"[]", b'{"variables": 5}', b'{"variables": {}}', b"\xff\xfe", b"[" * 100_000]
)
async def test_what_cannot_be_read_is_kept(switch: Switch, garbage: bytes) -> None:
    assert (await switch.report(garbage, "a_leg")).status_code == 200
    kept = await refused()
    assert [bytes(one.body) for one in kept] == [garbage]
    assert kept[0].switch == "fs1"
    assert kept[0].problem


async def test_a_leg_of_nobody_is_kept_only_where_it_was_answered(switch: Switch, bakery: Account) -> None:
    await switch.report(recorded_body("044"))
    assert [one.problem for one in await refused()] == ["an answered leg of no account"]
    await in_directory(lambda: RefusedRecord.objects.all().delete())

    document = json.loads(recorded_body("044"))
    document["variables"]["answer_uepoch"] = "0"
    await switch.report(json.dumps(document).encode())
    assert await refused() == []


async def test_what_is_kept_holds_no_credentials(switch: Switch, bakery: Account) -> None:
    secret = "s3cr,et:%&!"
    dialled = f"[^^~sip_auth_username=bakery~sip_auth_password={secret}~x=1]sofia/external/sip:1@192.0.2.1"
    document = json.loads(body("044", "0" * 32, sip_auth_password=secret, sip_auth_username="oven", kept="yes"))
    document["variables"]["current_application_data"] = quote(dialled)
    document["variables"]["sip_auth_response"] = "8d1f"
    document["app_log"] = {"applications": [{"app_name": "bridge", "app_data": dialled}]}
    await switch.report(json.dumps(document).encode())
    [kept] = await refused()
    text = bytes(kept.body).decode()
    assert not any(word in text for word in (secret, quote(secret), "s3cr", "bakery", "oven", "8d1f"))
    left = json.loads(text)
    assert left["variables"]["kept"] == "yes"
    assert left["app_log"]["applications"][0]["app_data"].endswith("~x=1]sofia/external/sip:1@192.0.2.1")


async def test_a_record_holds_no_credentials(switch: Switch, bakery: Account) -> None:
    await switch.report(body("044", bakery.id, uuid="paid", sip_auth_password="s3cret", sip_auth_username="oven"))
    found = await record(bakery, "paid")
    assert found is not None
    assert not any(word in str(vars(found)) for word in ("s3cret", "oven"))


async def test_impossible_times_are_kept_aside_and_make_no_partition(switch: Switch, bakery: Account) -> None:
    await switch.report(body("044", bakery.id, uuid="ancient", start_uepoch="1"))
    await switch.report(body("044", bakery.id, uuid="backwards", end_uepoch="1795395980000000"))
    await switch.report(body("044", bakery.id, uuid="odd", start_uepoch="x"))
    assert len(await refused()) == 3
    assert await record(bakery, "ancient") is None


async def test_one_bad_leg_keeps_no_other_out(switch: Switch, bakery: Account) -> None:
    bad = body("044", "0" * 32, uuid="bad")
    good = [body("044", bakery.id, uuid=f"good-{n}") for n in range(3)]
    answers = await asyncio.gather(*(switch.report(one) for one in [bad, *good]))
    assert {answer.status_code for answer in answers} == {200}
    assert [one.call_id for one in await refused()] == ["bad"]
    assert await in_account(bakery.id, lambda: CallRecord.objects.filter(call_id__startswith="good-").count()) == 3


async def test_a_refused_record_gets_in_after_the_repair(switch: Switch, bakery: Account) -> None:
    await in_directory(refusals.keep_refused, "fs1", "late", "it was too early", body("044", bakery.id, uuid="late"))
    [kept] = await refused()
    assert await in_directory(refusals.retry_refused, kept)
    assert await refused() == []
    assert await record(bakery, "late") is not None


async def test_hostile_text_goes_in_as_text(switch: Switch, bakery: Account) -> None:
    nasty = "x\0y\ud800'; DROP TABLE call_record; -- " + "n" * 500
    document = json.loads(body("044", bakery.id, uuid="hostile"))
    document["callflow"][0]["caller_profile"]["caller_id_name"] = nasty
    document["variables"]["sip_from_uri"] = "%ff%00%zz" + "u" * 500
    assert (await switch.report(json.dumps(document).encode())).status_code == 200
    found = await record(bakery, "hostile")
    assert found is not None
    assert found.caller_id_name.startswith("xy")
    assert len(found.caller_id_name) == 128


async def test_while_the_database_is_away_the_switch_keeps_it(
    switch: Switch, bakery: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(intake, "record_batch", away)
    assert (await switch.report(body("044", bakery.id))).status_code == 503


async def test_the_spool_is_handed_in_again(switch: Switch, bakery: Account, tmp_path: Path) -> None:
    (tmp_path / "spooled.cdr.json").write_bytes(body("044", bakery.id, uuid="spooled"))
    (tmp_path / "a_broken.cdr.json").write_bytes(b"{")
    assert await in_directory(repost, tmp_path, "local") == 2
    assert list(tmp_path.iterdir()) == []
    assert await record(bakery, "spooled") is not None
    assert [one.call_id for one in await refused()] == ["broken"]


def test_causes_and_codes_of_recorded_calls() -> None:
    leg = read_record(body("044", "a" * 32, proto_specific_hangup_cause="sip:486", hangup_cause="USER_BUSY"), "fs1")
    assert leg is not None
    assert (leg.hangup_cause, leg.hangup_code) == ("USER_BUSY", "sip:486")
