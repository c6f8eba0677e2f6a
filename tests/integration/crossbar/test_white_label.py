"""White labels over the API: written by the account, read by visitors."""

from __future__ import annotations

import base64

import pytest
from django.test.utils import override_settings

from apps.foundation.white_label import domains
from tests.api_client import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
BRAND = {"company_name": "North", "domain": "phone.north.test", "color": "#123456"}


@pytest.fixture(autouse=True)
def _media(tmp_path_factory: pytest.TempPathFactory) -> object:
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        yield


def test_from_nothing_to_a_brand_and_back(nora: ApiClient, nobody: ApiClient) -> None:
    assert nora.get("whitelabel").status == 404
    assert nora.put("whitelabel", BRAND).status == 201
    assert nora.put("whitelabel", BRAND).status == 409
    assert nobody.get("/v2/whitelabel/phone.north.test").data["company_name"] == "North"
    assert nora.patch("whitelabel", {"company_name": "Northwind"}).data["domain"] == "phone.north.test"
    assert nobody.get("/v2/whitelabel/PHONE.north.test").data["company_name"] == "Northwind"
    assert nora.delete("whitelabel").data["_read_only"]["deleted"] is True
    assert nobody.get("/v2/whitelabel/phone.north.test").status == 404


def test_domains_are_unique(nora: ApiClient, alice: ApiClient) -> None:
    nora.put("whitelabel", BRAND)
    reply = alice.put("whitelabel", BRAND)
    assert (reply.status, list(reply.data["domain"])) == (400, ["unique"])


@pytest.mark.parametrize("kind", ["image/png", "application/octet-stream", "application/x-base64", "multipart"])
def test_images(nora: ApiClient, nobody: ApiClient, kind: str) -> None:
    nora.put("whitelabel", BRAND)
    assert nobody.get("/v2/whitelabel/phone.north.test/logo").status == 404
    content, sent_as = PNG, kind
    if kind == "application/x-base64":
        content = b"data:image/png;base64," + base64.b64encode(PNG)
    elif kind == "multipart":
        sent_as = "multipart/form-data; boundary=cut"
        head = (
            b'--cut\r\nContent-Disposition: form-data; name="logo"; filename="l.png"\r\nContent-Type: image/png\r\n\r\n'
        )
        content = head + PNG + b"\r\n--cut--\r\n"
    stored = nora("POST", "whitelabel/logo", body=content, content_type=sent_as)
    assert stored.status == 200, stored.content
    logo = nobody.get("/v2/whitelabel/phone.north.test/logo", headers={"Accept": "image/*"})
    assert (logo.status, logo.headers["Content-Type"], logo.content) == (200, "image/png", PNG)
    assert nora.get("whitelabel/logo").content == PNG


def test_bytes_in_ranges(nora: ApiClient) -> None:
    nora.put("whitelabel", BRAND)
    nora("POST", "whitelabel/icon", body=PNG, content_type="image/png")
    part = nora.get("whitelabel/icon", headers={"Range": "bytes=1-3"})
    assert (part.status, part.content) == (206, b"PNG")
    assert part.headers["Content-Range"] == f"bytes 1-3/{len(PNG)}"
    assert nora.get("whitelabel/icon", headers={"Range": "bytes=-4"}).content == PNG[-4:]
    beyond = nora.get("whitelabel/icon", headers={"Range": "bytes=9999-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(PNG)}")
    assert nora.get("whitelabel/icon", headers={"Range": "pages=1"}).status == 200


def test_what_is_no_image(nora: ApiClient) -> None:
    nora.put("whitelabel", BRAND)
    assert nora("POST", "whitelabel/logo", body=b"<svg/>", content_type="image/svg+xml").status == 400
    assert nora("POST", "whitelabel/logo", body=b"!!", content_type="application/base64").status == 413
    assert nora("POST", "whitelabel/logo", body=b"", content_type="image/png").status == 400


def test_only_administrators_write(bob: ApiClient, nobody: ApiClient) -> None:
    assert bob.put("whitelabel", BRAND).status == 403
    assert nobody.put("whitelabel", BRAND).status == 401


def test_the_text_where_people_sign_in(nora: ApiClient, nobody: ApiClient) -> None:
    nora.put("whitelabel", BRAND)
    assert nobody.get("/v2/whitelabel/phone.north.test/welcome").status == 404
    text = "<h1>Grüß Gott</h1><script>x</script>".encode()
    assert nora("POST", "whitelabel/welcome", body=text, content_type="text/html").status == 200
    found = nobody.get("/v2/whitelabel/phone.north.test/welcome")
    assert (found.content, found.headers["Content-Type"]) == (text, "text/plain; charset=utf-8")
    assert nora("POST", "whitelabel/welcome", body=b"\xff\xfe", content_type="text/html").status == 400
    assert nora("POST", "whitelabel/welcome", body=b"x" * 70_000, content_type="text/html").status == 400
    assert nora.get("whitelabel/welcome").content == text


def test_the_records_a_domain_needs_and_has(nora: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        "web.ours.test": domains.Found("web.ours.test", ("192.0.2.1", "192.0.2.2")),
        "phone.north.test": domains.Found("web.ours.test", ("192.0.2.2",)),
        "else.north.test": domains.Found("else.north.test", ("198.51.100.9",)),
    }
    monkeypatch.setattr(domains, "look_up", lambda name: names.get(name, domains.Found()))
    monkeypatch.setattr(domains, "own_host", lambda: "web.ours.test")
    assert list(nora.get("whitelabel/domains").data["domain"]) == ["required"]
    nora.put("whitelabel", BRAND)
    wanted = nora.get("whitelabel/domains").data
    assert wanted["CNAME"] == {"phone.north.test": {"name": "Web", "mapping": ["web.ours.test"]}}
    assert wanted["A"]["phone.north.test"]["mapping"] == ["192.0.2.1", "192.0.2.2"]

    def checked(domain: str) -> tuple[bool, list[str], list[str]]:
        found = nora.post("whitelabel/domains", {"domain": domain}).data
        return found["A"][domain]["matches"], found["A"][domain]["actual"], found["CNAME"][domain]["actual"]

    assert checked("phone.north.test") == (True, ["192.0.2.2"], ["web.ours.test"])
    assert checked("else.north.test") == (False, ["198.51.100.9"], [])
    assert checked("gone.north.test") == (False, [], [])
    assert nora.post("whitelabel/domains", {"domain": "no name"}).status == 400
