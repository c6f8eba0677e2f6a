"""Mailboxes and messages over the API: folders, bulk, copies, sound, and what others may see."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
import soundfile
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.pbx.voicemail.models import Box
from tests.api_client import ApiClient
from tests.company import Company, dissolve, found_company

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            yield made
        finally:
            dissolve(made)


@pytest.fixture(autouse=True)
def empty() -> None:
    """Every test of this module has the company's own accounts, in its transaction."""


@pytest.fixture
def api(company: Company) -> ApiClient:
    return ApiClient(company.people["alice"].token, company.tree.bakery)


def tone(hertz: int = 600, seconds: float = 1.0) -> bytes:
    written = io.BytesIO()
    samples = 0.5 * numpy.sin(2 * numpy.pi * hertz * numpy.arange(int(8000 * seconds)) / 8000)
    soundfile.write(written, samples, 8000, format="WAV", subtype="PCM_16")
    return written.getvalue()


def a_box(api: ApiClient, mailbox: str = "3000", **document: Any) -> str:
    reply = api.put("vmboxes", {"name": "Box", "mailbox": mailbox, "pin": "4826", **document})
    assert reply.status == 201, reply.content
    return str(reply.data["id"])


def a_message(api: ApiClient, box: str, *, with_sound: bool = False, **document: Any) -> str:
    reply = api.put(f"vmboxes/{box}/messages", {"caller_id_number": "1001", **document})
    assert reply.status == 201, reply.content
    message = str(reply.data["media_id"])
    if with_sound:
        stored = api("PUT", f"vmboxes/{box}/messages/{message}/raw", body=tone(), content_type="audio/wav")
        assert stored.status == 200, stored.content
    return message


def listed(api: ApiClient, box: str, query: str = "") -> list[str]:
    return [row["media_id"] for row in api.get(f"vmboxes/{box}/messages{query}").data]


def test_the_pin_is_read_back_and_kept_secret(api: ApiClient, company: Company) -> None:
    box = a_box(api)
    assert api.get(f"vmboxes/{box}").data["pin"] == "4826"
    with account_scope(company.tree.bakery):
        row = Box.objects.get(id=box)
        assert "4826" not in row.pin_encrypted
        assert "pin" not in row.document
        api.patch(f"vmboxes/{box}", {"pin": "7531"})
        told = [entry.changes for entry in AuditEntry.objects.filter(target_id=box)]
    assert "7531" not in str(told)
    assert "4826" not in str(told)
    assert "pin" not in api.patch(f"vmboxes/{box}", {"pin": None}).data


def test_a_mailbox_number_is_the_accounts_once(api: ApiClient) -> None:
    a_box(api)
    reply = api.put("vmboxes", {"name": "Other", "mailbox": "3000"})
    assert (reply.status, list(reply.data["mailbox"])) == (400, ["unique"])
    reply = api.put("vmboxes", {"name": "Other", "mailbox": "3001", "owner_id": "0" * 32})
    assert (reply.status, list(reply.data["owner_id"])) == (400, ["not_found"])


def test_folders_and_bringing_back(api: ApiClient) -> None:
    box = a_box(api)
    first, second = a_message(api, box), a_message(api, box)
    done = api.post(f"vmboxes/{box}/messages", {"folder": "saved", "messages": [first, "202001-" + "0" * 32]}).data
    assert done == {"succeeded": [first], "failed": [{"202001-" + "0" * 32: "not_found"}]}
    assert (listed(api, box, "?folder=saved"), listed(api, box, "?folder=new")) == ([first], [second])
    (row,) = [row for row in api.get("vmboxes").data if row["id"] == box]
    assert (row["messages"], row["new_messages"]) == (2, 1)
    assert api.delete(f"vmboxes/{box}/messages/{first}").data["folder"] == "deleted"
    assert listed(api, box) == [second]
    assert api.post(f"vmboxes/{box}/messages/{first}", {"folder": "new"}).data["folder"] == "new"
    assert sorted(listed(api, box)) == sorted([first, second])
    api.delete(f"vmboxes/{box}/messages")
    assert (listed(api, box), len(listed(api, box, "?folder=deleted"))) == ([], 2)
    assert api.delete(f"vmboxes/{box}/messages/{first}").data["_read_only"] == {"deleted": True}
    assert api.get(f"vmboxes/{box}/messages/{first}").status == 404


def test_copies_share_their_sound_until_the_last_is_gone(api: ApiClient) -> None:
    box, other = a_box(api), a_box(api, "3001")
    message = a_message(api, box, with_sound=True)
    (copy,) = api.post(f"vmboxes/{box}/messages", {"source_id": [other], "messages": [message]}).data["succeeded"]
    for _twice in range(2):
        api.delete(f"vmboxes/{box}/messages/{message}")
    assert api.get(f"vmboxes/{other}/messages/{copy}/raw").status == 200
    api.post(f"vmboxes/{other}/messages/{copy}", {"source_id": box})
    assert (listed(api, other), listed(api, box)) == ([], [copy])
    reply = api.post(f"vmboxes/{box}/messages/{copy}", {"source_id": "0" * 32})
    assert (reply.status, list(reply.data)) == (400, ["source_id"])


@pytest.mark.parametrize(("extension", "content_type"), [("mp3", "audio/mpeg"), ("wav", "audio/wav")])
def test_sound_in_the_mailboxs_format(api: ApiClient, extension: str, content_type: str) -> None:
    box = a_box(api, media_extension=extension)
    message = a_message(api, box, with_sound=True)
    reply = api.get(f"vmboxes/{box}/messages/{message}/raw")
    assert (reply.status, reply.headers["Content-Type"]) == (200, content_type)
    samples, rate = soundfile.read(io.BytesIO(reply.content))
    loudest = numpy.fft.rfftfreq(len(samples), 1 / rate)[numpy.abs(numpy.fft.rfft(samples)).argmax()]
    assert abs(loudest - 600) < 10
    part = api.get(f"vmboxes/{box}/messages/{message}/raw", headers={"Range": "bytes=0-9"})
    assert (part.status, part.content) == (206, reply.content[:10])
    zipped = api.post(f"vmboxes/{box}/messages/raw", {"messages": [message]})
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
        assert archive.namelist() == [f"{message}.{extension}"]
    assert api.get(f"vmboxes/{box}/messages/{message}").data["length"] == 1000


def test_the_messages_of_all_mailboxes(api: ApiClient) -> None:
    box = a_box(api)
    message = a_message(api, box, caller_id_name="Ada")
    assert {box: message} in [
        {key: value["media_id"] for key, value in row.items()} for row in api.get("vmboxes/messages").data
    ]


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("messages", {"folder": "nonsense", "messages": []}),
        ("messages", {"messages": ["x"]}),
        ("messages/raw", {"messages": []}),
    ],
)
def test_nonsense_is_named(api: ApiClient, path: str, data: dict[str, Any]) -> None:
    assert api.post(f"vmboxes/{a_box(api)}/{path}", data).status == 400


def test_sound_that_is_none(api: ApiClient) -> None:
    box = a_box(api)
    message = a_message(api, box)
    assert api.get(f"vmboxes/{box}/messages/{message}/raw").status == 404
    bad = api("PUT", f"vmboxes/{box}/messages/{message}/raw", body=b"no sound", content_type="audio/wav")
    assert bad.status == 400
    for timestamp in (1, 63_000_000_000_000):
        assert api.put(f"vmboxes/{box}/messages", {"timestamp": timestamp}).status == 400


def test_a_user_has_his_own_mailbox_only(api: ApiClient, company: Company) -> None:
    bob = company.people["bob"]
    mine, other = a_box(api, owner_id=bob.login.pk), a_box(api, "3001")
    message, strange = a_message(api, mine), a_message(api, other)
    own = ApiClient(bob.token, company.tree.bakery)
    assert [row["id"] for row in own.get("vmboxes").data] == [mine]
    assert own.post(f"vmboxes/{mine}/messages", {"folder": "saved", "messages": [message]}).status == 200
    assert own.post(f"vmboxes/{mine}/messages/{strange}", {"folder": "saved"}).status == 404
    assert own.get(f"vmboxes/{other}/messages").status == 404
    assert own.patch(f"vmboxes/{mine}", {"pin": "8642"}).data["pin"] == "8642"
    assert own.patch(f"vmboxes/{mine}", {"mailbox": "9"}).status == 403
    stolen = own.post(f"vmboxes/{mine}/messages", {"source_id": other, "messages": [message]})
    assert stolen.status in (200, 400)
