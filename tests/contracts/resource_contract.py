"""What every resource promises. A test class names a resource and a document, and some twenty checks follow:

    class TestMenus(ResourceContract):
        path = "menus"
        example = {"name": "Main"}

The cast: Alice administers the account, Bob is a plain user of it, Carol a neighbour below the same reseller (Nora),
Dave somebody of another reseller.
"""

from __future__ import annotations

import copy
import csv
import io
import json
from importlib import import_module
from typing import Any, ClassVar

import pytest

from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.crossbar import registry
from apps.foundation.crossbar.openapi.document import document_bytes
from apps.foundation.crossbar.resource import Resource
from apps.foundation.crossbar.schemas import shapes
from tests.api_client import ApiClient, Reply
from tests.company import Company

UNKNOWN = "0" * 32


@pytest.mark.django_db
@pytest.mark.urls("apps.foundation.crossbar.urls")
class ResourceContract:
    """Documents with an id below an account."""

    path: ClassVar[str]
    #: What is PUT; the resource's own example where None.
    example: ClassVar[dict[str, Any] | None] = None
    #: Field that is changed by PATCH, and its new value.
    change: ClassVar[tuple[str, Any]] = ("name", "Changed")
    #: A field without which nothing can be created, None where there is none.
    required: ClassVar[str | None] = "name"
    #: Whether fields nobody knows are kept.
    open: ClassVar[bool] = True

    @pytest.fixture(autouse=True)
    def _cast(self, company: Company) -> None:
        self.company = company
        self.bakery = company.tree.bakery
        self.alice, self.bob, self.carol, self.dave, self.nora = (
            ApiClient(company.people[name].token, self.bakery) for name in ("alice", "bob", "carol", "dave", "nora")
        )

    # What a subclass may replace.

    def document(self, number: int = 0) -> dict[str, Any]:
        """A document that can be PUT beside others with other numbers."""
        made = copy.deepcopy(self.example if self.example is not None else self.resource.example)
        if "name" in made:
            made["name"] = f"{made['name']} {number}"
        return made

    # The tools.

    @property
    def resource(self) -> type[Resource]:
        import_module("apps.foundation.crossbar.urls")  # it is what loads the resources
        found = registry.find(self.path)
        assert found is not None, f"no resource {self.path}"
        return found

    def create(self, number: int = 0, **more: Any) -> Reply:
        reply = self.alice.put(self.path, {**self.document(number), **more})
        assert reply.status == 201, reply.content
        return reply

    def made(self, number: int = 0, **more: Any) -> str:
        return f"{self.path}/{self.create(number, **more).data['id']}"

    def rows(self, query: str = "") -> list[dict[str, Any]]:
        reply = self.alice.get(f"{self.path}?paginate=false{query}")
        assert reply.status == 200, reply.content
        found: list[dict[str, Any]] = reply.data
        return found

    # The promises.

    def test_created_answers_201_and_where_it_is(self) -> None:
        reply = self.create()
        assert self.alice.get(reply.headers["Location"]).data == reply.data
        assert reply.headers["ETag"] == f'"{reply.body["revision"]}"'

    def test_what_was_put_is_read_back(self) -> None:
        more = {"made_up": {"deep": [1, "2", None]}, "ui_metadata": {"ui": "monster-ui"}} if self.open else {}
        data = self.alice.get(self.made(**more)).data
        for key, value in {**self.document(), **more}.items():
            if isinstance(value, (str, int, bool)) and not self.hidden(key):
                assert data[key] == value, key
        assert {key: data[key] for key in more} == more

    def hidden(self, key: str) -> bool:
        """Whether a field is written and never read."""
        return key == "password"

    def test_nothing_private_is_shown(self) -> None:
        text = json.dumps(self.alice.get(self.made()).data)
        assert "pvt_" not in text
        assert "argon2" not in text
        assert "_encrypted" not in text

    def test_it_is_in_the_list_as_a_summary(self) -> None:
        data = self.create().data
        row = next(row for row in self.rows() if row["id"] == data["id"])
        assert row != data
        assert not {"pvt_account_id", "document", "password"} & row.keys()

    def test_post_takes_what_get_gave(self) -> None:
        item = self.made()
        read = self.alice.get(item).data
        reply = self.alice.post(item, read)
        assert reply.status == 200, reply.content
        assert reply.data == read

    def test_patch_changes_what_it_names(self) -> None:
        item = self.made()
        before = self.alice.get(item).data
        field, value = self.change
        reply = self.alice.patch(item, {field: value})
        assert reply.status == 200, reply.content
        assert reply.data == {**before, field: value}

    def test_patch_with_null_removes(self) -> None:
        if self.open:
            item = self.made(made_up=1)
            assert "made_up" not in self.alice.patch(item, {"made_up": None}).data

    def test_what_is_required_is_asked_for(self) -> None:
        if self.required is not None:
            document = self.document()
            del document[self.required]
            reply = self.alice.put(self.path, document)
            assert (reply.status, reply.body["message"]) == (400, "validation error")
            assert list(reply.data[self.required]) == ["required"]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"data": []}', b'{"data": {"name": {"a": 1}}}', b"\x00"])
    def test_nonsense_is_refused(self, body: bytes) -> None:
        reply = self.alice("PUT", self.path, body=body)
        if body == b"" and self.required is None:
            assert reply.status == 201, "no body is an empty document"
        else:
            assert (reply.status, reply.body["status"]) == (400, "error"), reply.content

    def test_deleted_is_gone(self) -> None:
        item = self.made()
        reply = self.alice.delete(item)
        assert (reply.status, reply.data["_read_only"]["deleted"]) == (200, True)
        assert self.alice.get(item).status == 404
        assert self.alice.patch(item, {}).status == 404
        assert reply.data["id"] not in [row["id"] for row in self.rows()]

    def test_hard_delete(self) -> None:
        item = self.made()
        assert self.alice.delete(f"{item}?should_soft_delete=false").status == 200
        assert self.alice.get(item).status == 404

    def test_revisions(self) -> None:
        item = self.made()
        etag = self.alice.get(item).headers["ETag"]
        assert self.alice.get(item, headers={"If-None-Match": etag}).status == 304
        field, value = self.change
        assert self.alice.patch(item, {field: value}, headers={"If-Match": etag}).status == 200
        assert self.alice.patch(item, {field: value}, headers={"If-Match": etag}).status == 412

    @pytest.mark.parametrize("identifier", [UNKNOWN, "nonsense", "%00", "'; --", "x" * 500])
    @pytest.mark.parametrize("verb", ["GET", "POST", "PATCH", "DELETE"])
    def test_unknown_ids(self, identifier: str, verb: str) -> None:
        reply = self.alice(verb, f"{self.path}/{identifier}", {} if verb == "DELETE" else self.document())
        assert (reply.status, reply.body["status"]) == (404, "error"), reply.content

    def test_the_wrong_verb(self) -> None:
        reply = self.alice("PATCH", self.path, {})
        assert reply.status == 405
        assert "GET" in reply.headers["Allow"]

    def test_without_a_token(self) -> None:
        item = self.made()
        nobody = ApiClient("", self.bakery)
        assert {nobody.get(self.path).status, nobody.get(item).status, nobody.put(self.path, {}).status} == {401}

    def test_neighbours_and_strangers_are_refused(self) -> None:
        item = self.made()
        for stranger in (self.carol, self.dave):
            for verb, path in [("GET", self.path), ("GET", item), ("PUT", self.path), ("DELETE", item)]:
                assert stranger(verb, path, self.document()).status == 403

    def test_an_id_is_no_way_into_another_account(self) -> None:
        item = self.made()
        for name, account in [("carol", self.company.tree.clinic), ("dave", self.company.tree.harbour)]:
            stranger = ApiClient(self.company.people[name].token, account)
            for verb in ("GET", "POST", "PATCH", "DELETE"):
                assert stranger(verb, item, self.document()).status == 404
        assert self.alice.get(item).status == 200

    def test_an_account_above_may(self) -> None:
        item = self.made()
        assert self.nora.get(item).status == 200
        assert self.nora.patch(item, dict([self.change])).status == 200

    def test_a_plain_user_creates_and_deletes_nothing(self) -> None:
        item = self.made()
        assert self.bob.put(self.path, self.document(1)).status == 403
        assert self.bob.delete(item).status in (403, 404)
        assert self.alice.get(item).status == 200

    def test_filters(self) -> None:
        first, second = self.create(0).data["id"], self.create(1).data["id"]
        assert [row["id"] for row in self.rows(f"&filter_id={first}")] == [first]
        assert second in [row["id"] for row in self.rows(f"&filter_not_id={first}")]
        assert not self.rows("&has_key=nobody_has_this")
        assert self.alice.get(f"{self.path}?filter_pvt_type=x").status == 400

    def test_pages(self) -> None:
        for number in range(3):
            self.create(number)
        expected = [row["id"] for row in self.rows()]
        found: list[str] = []
        key = ""
        for _ in range(len(expected)):
            body = self.alice.get(f"{self.path}?page_size=2{key}").body
            found += [row["id"] for row in body["data"]]
            if "next_start_key" not in body:
                break
            key = f"&start_key={body['next_start_key']}"
        assert found == expected
        assert [row["id"] for row in self.rows("&descending=true")] in (expected[::-1], expected)

    def test_csv_and_chunks(self) -> None:
        self.create()
        table = self.alice.get(f"{self.path}?accept=csv&paginate=false")
        assert table.headers["Content-Type"] == "text/csv"
        lines = list(csv.DictReader(io.StringIO(table.content.decode())))
        assert [line["id"] for line in lines] == [row["id"] for row in self.rows()]
        chunked = self.alice.get(f"{self.path}?is_chunked=true&chunk_size=1&paginate=false")
        assert chunked.data == self.rows()

    def test_writes_are_audited(self) -> None:
        item = self.made()
        identifier = item.rpartition("/")[2]
        self.alice.delete(item)
        with account_scope(self.bakery):
            entries = AuditEntry.objects.filter(target_id=identifier).order_by("created")
            told = [(entry.action.rpartition(".")[2], entry.actor_user_id) for entry in entries]
        alice = self.company.people["alice"].login.pk
        assert told == [("created", alice), ("deleted", alice)]

    def test_it_is_described(self) -> None:
        paths = json.loads(document_bytes())["paths"]
        item = paths[f"/v2/accounts/{{account_id}}/{self.path}/{{id}}"]
        assert {"get", "post", "patch", "delete"} <= item.keys()
        if self.resource.shape is not None:
            assert (self.resource.schema_name or self.path) in shapes()
        assert self.resource.__doc__
