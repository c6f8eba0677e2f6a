"""Lists: summaries, filters, order, pages, chunks and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.foundation.kit.clock import now, to_gregorian
from tests.api_client import ApiClient
from tests.integration.identity.conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]
NAMES = [f"Phone {number:02d}" for number in range(12)]


@pytest.fixture
def phones(alice: ApiClient, cast: Cast) -> list[str]:
    made = []
    for number, name in enumerate(NAMES):
        data = {"name": name, "enabled": number % 3 != 0, "shelf": number % 4, "flags": [f"f{number % 2}"]}
        data |= {"owner_id": cast.bob.id} if number < 2 else {}
        data |= {"note": ""} if number == 5 else {}
        data |= {"deep": {"er": {"value": number}}} if number == 7 else {}
        made.append(alice.put("devices", data).data["id"])
    return made


def names(alice: ApiClient, query: str) -> list[str]:
    reply = alice.get(f"devices?{query}")
    assert reply.status == 200, reply.content
    return [row["name"] for row in reply.data]


def numbered(*numbers: int) -> list[str]:
    return [NAMES[number] for number in numbers]


def test_rows_are_summaries_in_order(alice: ApiClient, phones: list[str]) -> None:
    reply = alice.get("devices")
    assert [row["name"] for row in reply.data] == NAMES
    assert "shelf" not in reply.data[0]
    assert (reply.body["page_size"], "next_start_key" in reply.body) == (12, False)
    assert names(alice, "descending=true") == NAMES[::-1]
    assert names(alice, "ascending=true") == NAMES


def test_an_empty_list_is_a_list(alice: ApiClient) -> None:
    assert alice.get("devices").data == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("filter_name=Phone 03", (3,)),
        ('filter_name=["Phone 03","Phone 01"]', (1, 3)),
        ("filter_name=Phone 03&filter_name=Phone 04", (3, 4)),
        ("filter_enabled=false", (0, 3, 6, 9)),
        ("filter_shelf=3", (3, 7, 11)),
        ("filter_shelf=3&filter_enabled=false", (3,)),
        ("filter_flags=f1&filter_shelf=1", (1, 5, 9)),
        ("filter_deep.er.value=7", (7,)),
        ("filter_not_enabled=true", (0, 3, 6, 9)),
        ('filter_not_shelf=["0","1","2"]', (3, 7, 11)),
        ("has_key=deep", (7,)),
        ("has_key=deep.er.value", (7,)),
        ("has_key=note&has_key=deep", ()),
        ("key_missing=note&filter_shelf=1", (1, 9)),
        ("has_value=owner_id", (0, 1)),
        ("value_missing=note&filter_shelf=1", (1, 5, 9)),
        ("missing_value=owner_id&filter_shelf=0", (4, 8)),
        ("has_value=note", ()),
        ("filter_made_up=1", ()),
        ("filter_name=", ()),
        ("_=1234567890&surprise=1&filter_=x", tuple(range(12))),
    ],
)
def test_filters(alice: ApiClient, phones: list[str], query: str, expected: tuple[int, ...]) -> None:
    assert names(alice, query) == numbered(*expected)


@pytest.mark.parametrize(
    "query",
    [
        "filter_pvt_account_id=x",
        "filter__id=x",
        "has_key=pvt_deleted",
        "filter_sip.password=a",
        "filter_not_sip.password=a",
        "filter_sip_password_encrypted=a",
        "has_value=password",
        "filter_token_salt=1",
    ],
)
def test_private_fields_cannot_be_guessed_by_filtering(alice: ApiClient, phones: list[str], query: str) -> None:
    reply = alice.get(f"devices?{query}")
    assert reply.status == 400
    assert "forbidden" in reply.data[query.partition("=")[0]]


def test_ranges(alice: ApiClient, phones: list[str]) -> None:
    today = to_gregorian(now())
    assert names(alice, f"created_from={today - 60}&created_to={today + 60}") == NAMES
    assert names(alice, f"created_from={today + 60}") == []
    assert names(alice, f"modified_to={today - 60}") == []
    for query in ("created_from=soon", "created_from=-5", "created_to=9" + "9" * 30, "modified_from=0"):
        reply = alice.get(f"devices?{query}")
        assert (reply.status, list(reply.data[query.partition("=")[0]])) == (400, ["date_range"])
    backwards = alice.get(f"devices?created_from={today}&created_to={today - 1}")
    assert "date_range" in backwards.data["created_from"]


def pages(alice: ApiClient, query: str) -> Iterator[list[str]]:
    key = ""
    for _ in range(50):
        reply = alice.get(f"devices?{query}{key}")
        assert reply.status == 200, reply.content
        assert reply.body["page_size"] == len(reply.data)
        yield [row["name"] for row in reply.data]
        if "next_start_key" not in reply.body:
            return
        key = f"&start_key={reply.body['next_start_key']}"
    raise AssertionError("pages without end")


@pytest.mark.parametrize("size", [1, 3, 4, 11, 12, 13])
@pytest.mark.parametrize("order", ["", "&descending=true"])
def test_pages_hold_every_row_once(alice: ApiClient, phones: list[str], size: int, order: str) -> None:
    found = list(pages(alice, f"page_size={size}{order}"))
    assert [name for page in found for name in page] == (NAMES[::-1] if order else NAMES)
    assert {len(page) for page in found[:-1]} <= {size}


def test_pages_of_filtered_rows_are_full(alice: ApiClient, phones: list[str]) -> None:
    assert list(pages(alice, "page_size=2&filter_shelf=1")) == [numbered(1, 5), numbered(9)]


def test_pages_stay_true_while_rows_come_and_go(alice: ApiClient, phones: list[str]) -> None:
    first = alice.get("devices?page_size=4")
    alice.delete(f"devices/{phones[3]}")
    alice.put("devices", {"name": "Phone 00b"})
    rest = alice.get(f"devices?paginate=false&start_key={first.body['next_start_key']}")
    assert [row["name"] for row in rest.data] == NAMES[4:]


def test_rows_of_the_same_name_are_all_there(alice: ApiClient) -> None:
    for _ in range(5):
        alice.put("devices", {"name": "Twin"})
    assert sum(map(len, pages(alice, "page_size=2"))) == 5


@pytest.mark.parametrize("query", ["start_key=x", "start_key=W10", "start_key=%F0", "page_size=0", "page_size=-1"])
@pytest.mark.parametrize("tail", ["", "&is_chunked=true"])
def test_bad_paging_is_told(alice: ApiClient, query: str, tail: str) -> None:
    reply = alice.get(f"devices?{query}{tail}")
    assert (reply.status, list(reply.data)) == (400, [query.partition("=")[0]])


def test_a_key_belongs_to_its_order(alice: ApiClient, phones: list[str]) -> None:
    key = alice.get("devices?page_size=2").body["next_start_key"]
    assert alice.get(f"devices?descending=true&start_key={key}").status == 400


def test_paginate_false_gives_everything(alice: ApiClient, phones: list[str]) -> None:
    reply = alice.get("devices?paginate=false&page_size=2")
    assert (len(reply.data), "next_start_key" in reply.body) == (12, False)


def test_a_page_costs_one_query_for_its_rows(alice: ApiClient, phones: list[str]) -> None:
    with CaptureQueriesContext(connection) as queries:
        alice.get("devices?page_size=5")
    assert sum("devices_device" in query["sql"] for query in queries) == 1


@pytest.mark.parametrize("size", [1, 5, 12, 50])
def test_chunks_are_the_same_list(alice: ApiClient, phones: list[str], size: int) -> None:
    plain = alice.get("devices").data
    chunked = alice.get(f"devices?is_chunked=true&chunk_size={size}")
    assert chunked.data == plain
    assert (chunked.body["status"], chunked.body["page_size"]) == ("success", 12)
    assert chunked.content.startswith(b'{"data":[')


def test_chunks_respect_the_page(alice: ApiClient, phones: list[str]) -> None:
    reply = alice.get("devices?is_chunked=true&chunk_size=2&page_size=5")
    assert (len(reply.data), "next_start_key" in reply.body) == (5, True)
    assert alice.get("devices?is_chunked=true&chunk_size=2&filter_shelf=9").data == []


def test_an_error_half_way_is_told_at_the_end(
    alice: ApiClient, phones: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.pbx.devices.api import DeviceResource

    whole = DeviceResource.summarize

    def fail_late(self: DeviceResource, instance: object) -> object:
        if str(instance) == NAMES[8]:
            raise RuntimeError("broken")
        return whole(self, instance)  # type: ignore[arg-type]

    monkeypatch.setattr(DeviceResource, "summarize", fail_late)
    reply = alice.get("devices?is_chunked=true&chunk_size=4")
    assert reply.status == 200
    assert (len(reply.data), reply.body["status"], reply.body["error"]) == (8, "fatal", "500")


@pytest.mark.parametrize("how", ["accept", "header", "chunked"])
def test_csv(alice: ApiClient, phones: list[str], how: str) -> None:
    alice.put("devices", {"name": '=HYPERLINK("x")', "mobile": {"mdn": "+15551234567"}})
    if how == "header":
        reply = alice.get("devices?file_name=my/../phones", headers={"Accept": "text/csv"})
    else:
        reply = alice.get(f"devices?accept=csv&file_name=phones{'&is_chunked=true&chunk_size=50' * (how == 'chunked')}")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/csv")
    assert "/" not in reply.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(reply.content.decode())))
    assert len(rows) == 13
    assert {"id", "name", "mobile.mdn"} <= rows[0].keys()
    assert rows[0]["name"] == '\'=HYPERLINK("x")'
    assert rows[0]["mobile.mdn"] == "+15551234567"
    assert json.loads(rows[1]["flags"]) == ["f0"]


def test_a_list_has_an_etag(alice: ApiClient, phones: list[str]) -> None:
    etag = alice.get("devices").headers["ETag"]
    assert alice.get("devices", headers={"If-None-Match": etag}).status == 304
    alice.put("devices", {"name": "More"})
    assert alice.get("devices", headers={"If-None-Match": etag}).status == 200
