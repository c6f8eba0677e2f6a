"""Creating, editing and deleting through the forms, for real."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.commerce.carriers.actions import replace_carrier
from apps.commerce.carriers.models import CarrierResource
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.models import ApiKey
from apps.foundation.identity.principal import system_principal
from apps.foundation.white_label.models import WhiteLabel
from apps.pbx.callflows.models import Callflow
from apps.pbx.devices.models import Device
from apps.pbx.numbers.models import NumberState, PhoneNumber
from apps.pbx.ring_groups.models import RingGroup
from apps.pbx.users.models import User
from apps.switching.registrar.models import SipCredential
from tests.integration.identity.conftest import PASSWORD, Cast
from tests.integration.interfaces.portal.conftest import Furnished

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
PERSON = {"first_name": "Grace", "last_name": "Hopper", "priv_level": "user", "enabled": "on"}


def saved(response: Any) -> str:
    """Where a good form leads to; the errors of a refused one otherwise."""
    text = response.content.decode() if response.status_code != 302 else ""
    errors = re.findall(r'field-error">.*?</svg>(.*?)</p>|<p>(.*?)</p>', text, re.DOTALL)
    assert response.status_code == 302, (response.status_code, errors)
    return str(response["Location"])


def test_a_person_with_an_extension_is_made_changed_and_deleted(bakery: Furnished, alice: Client) -> None:
    base = f"/portal/{bakery.account.id}/people"
    form = PERSON | {"username": "grace", "password": PASSWORD, "extension": "1002", "email": "grace@bakery.test"}
    url = saved(alice.post(f"{base}/new", form))
    page = alice.get(url).content.decode()
    assert "Grace Hopper" in page
    assert "1002" in page
    with account_scope(bakery.account.id):
        grace = User.objects.get(username="grace")
        assert grace.check_plain(PASSWORD)
        assert Callflow.objects.get(numbers=["1002"]).flow["data"]["id"] == grace.id
    change = PERSON | {
        "username": "grace",
        "last_name": "Murray",
        "do_not_disturb": "on",
        "caller_id_number": "+13125550111",
    }
    saved(alice.post(f"{url}/edit", change))
    with account_scope(bakery.account.id):
        grace.refresh_from_db()
        assert (grace.last_name, grace.document["do_not_disturb"]) == ("Murray", {"enabled": True})
        assert grace.check_plain(PASSWORD), "an empty password field keeps the password"
    saved(alice.post(f"{url}/delete"))
    assert alice.get(url).status_code == 404


def test_what_a_form_does_not_show_stays(bakery: Furnished, alice: Client) -> None:
    with account_scope(bakery.account.id):
        user = User.objects.get(id=bakery.bob.id)
        user.document |= {"ours": {"kept": 1}, "music_on_hold": {"media_id": "tune"}}
        user.save()
    saved(alice.post(f"/portal/{bakery.account.id}/people/{bakery.bob.id}/edit", PERSON | {"username": "bob"}))
    with account_scope(bakery.account.id):
        user.refresh_from_db()
        assert user.document["ours"] == {"kept": 1}
        assert user.document["music_on_hold"] == {"media_id": "tune"}


def test_a_taken_extension_leaves_no_half_made_person(bakery: Furnished, alice: Client) -> None:
    response = alice.post(f"/portal/{bakery.account.id}/people/new", PERSON | {"extension": "1001"})
    assert response.status_code == 400
    assert "1001" in response.content.decode()
    with account_scope(bakery.account.id):
        assert not User.objects.filter(first_name="Grace").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"first_name": ""}, "first_name"),
        ({"username": "bob", "password": PASSWORD}, "username"),
        ({"username": "has space", "password": PASSWORD}, "username"),
        ({"password": PASSWORD}, "username"),
        ({"email": "nonsense"}, "email"),
        ({"forward": "on"}, "forward_number"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"password": "short"}, "password"),
    ],
)
def test_bad_input_is_told_at_its_field(change: dict[str, str], field: str, bakery: Furnished, alice: Client) -> None:
    response = alice.post(f"/portal/{bakery.account.id}/people/new", PERSON | change)
    assert response.status_code == 400
    assert field in response.context["form"].errors


def test_a_phone_gets_credentials_and_a_directory_row(bakery: Furnished, alice: Client) -> None:
    base = f"/portal/{bakery.account.id}/devices"
    form = {"name": "Oven", "device_type": "sip_device", "owner_id": bakery.bob.id, "enabled": "on", "codecs": ["OPUS"]}
    url = saved(alice.post(f"{base}/new", form))
    page = alice.get(url).content.decode()
    with account_scope(bakery.account.id):
        device = Device.objects.get(name="Oven")
    assert device.sip_password in page
    assert SipCredential.objects.get(device_id=device.id).username == device.sip_username
    password = device.sip_password
    saved(alice.post(f"{url}/edit", form | {"name": "Big oven", "sip_username": device.sip_username}))
    with account_scope(bakery.account.id):
        device.refresh_from_db()
        assert (device.name, device.sip_password) == ("Big oven", password)
        assert device.document["media"]["audio"]["codecs"] == ["OPUS"]
    saved(alice.post(f"{url}/delete"))
    assert not SipCredential.objects.filter(device_id=device.id).exists()


def test_a_ring_group_and_its_members(bakery: Furnished, cast: Cast, alice: Client) -> None:
    members = {
        "members-TOTAL_FORMS": "3", "members-INITIAL_FORMS": "0",
        "members-0-member": f"user:{bakery.bob.id}", "members-0-delay": "0", "members-0-timeout": "20",
        "members-0-ORDER": "2",
        "members-1-member": f"device:{bakery.device.id}", "members-1-delay": "5", "members-1-timeout": "15",
        "members-1-ORDER": "1",
        "members-2-member": f"user:{cast.alice.id}", "members-2-delay": "0", "members-2-timeout": "20",
        "members-2-DELETE": "on",
    }  # fmt: skip
    form = {"name": "All", "numbers": "8000, +1 312 555 0100", "strategy": "single", "timeout": "30", "repeats": "2"}
    answer = alice.post(f"/portal/{bakery.account.id}/ring-groups/new", form | members)
    assert answer.status_code == 400, "the number is another flow's"
    url = saved(alice.post(f"/portal/{bakery.account.id}/ring-groups/new", form | members | {"numbers": "8000 8001"}))
    with account_scope(bakery.account.id):
        document = RingGroup.objects.get(name="All").to_document()
    assert [member["id"] for member in document["members"]] == [bakery.device.id, bakery.bob.id]
    assert document["numbers"] == ["8000", "8001"]
    assert alice.get(url).status_code == 200
    empty = {"members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0"}
    assert alice.post(f"{url}/edit", form | {"numbers": "8000"} | empty).status_code == 400
    saved(alice.post(f"{url}/delete"))
    with account_scope(bakery.account.id):
        assert not Callflow.objects.filter(numbers__contains=["8000"]).exists()


def test_a_number_is_taken_and_moved_between_flows(bakery: Furnished, alice: Client, nora: Client, cast: Cast) -> None:
    base = f"/portal/{bakery.account.id}/numbers"
    assert alice.post(f"{base}/new", {"number": "+13125550123"}).status_code == 400, (
        "only a reseller brings new numbers"
    )
    PhoneNumber.objects.create(number="+13125550124", account_id=cast.tree.north.id, state=NumberState.AVAILABLE)
    saved(alice.post(f"{base}/new", {"number": "+13125550124", "flow": bakery.flow.id}))
    saved(nora.post(f"{base}/new", {"number": "(312) 555-0123"}))
    with account_scope(bakery.account.id):
        assert Callflow.objects.get(id=bakery.flow.id).numbers[-1] == "+13125550124"
    group_flow = bakery.ring_group.callflow_id
    saved(alice.post(f"{base}/+13125550124", {"flow": group_flow}))
    with account_scope(bakery.account.id):
        assert RingGroup.objects.get(id=bakery.ring_group.id).to_document()["numbers"] == ["2000", "+13125550124"]
        assert "+13125550124" not in Callflow.objects.get(id=bakery.flow.id).numbers
    assert PhoneNumber.objects.get(number="+13125550124").callflow_id == group_flow
    saved(alice.post(f"{base}/+13125550124/delete"))
    assert PhoneNumber.objects.get(number="+13125550124").account_id == cast.tree.north.id


def test_a_customer_with_its_administrator(bakery: Furnished, nora: Client, cast: Cast) -> None:
    base = f"/portal/{cast.tree.north.id}/customers"
    form = {"name": "Florist", "realm": "florist.test", "language": "es-es", "timezone": "Europe/Madrid"}
    boss = {"first_name": "Flora", "last_name": "Campos", "username": "flora", "password": PASSWORD}
    assert nora.post(f"{base}/new", form | {"username": "flora"}).status_code == 400
    url = saved(nora.post(f"{base}/new", form | boss))
    florist = Account.objects.get(realm="florist.test")
    assert florist.parent_id == cast.tree.north.id
    browser = Client()
    entered = {"account": "florist", "username": "flora", "password": PASSWORD}
    assert saved(browser.post("/login", entered)) == f"/portal/{florist.id}/"
    saved(nora.post(f"{url}/edit", form | {"name": "Florist and Sons"}))
    florist.refresh_from_db()
    assert (florist.name, florist.enabled) == ("Florist and Sons", False)
    assert browser.get(f"/portal/{florist.id}/").status_code == 302, "a disabled account's sessions stop at once"
    saved(nora.post(f"{url}/edit", form | {"enabled": "on", "is_reseller": "on"}))
    florist.refresh_from_db()
    assert (florist.enabled, florist.is_reseller) == (True, True)
    saved(nora.post(f"{url}/delete"))
    assert nora.get(url).status_code == 404


def test_a_brand_is_seen_by_customers(
    bakery: Furnished, nora: Client, alice: Client, cast: Cast, tmp_path: Any, settings: Any
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.MEDIA_ROOT = tmp_path
    url = f"/portal/{cast.tree.north.id}/branding"
    logo = SimpleUploadedFile("logo.png", PIXEL, "image/png")
    form = {"company_name": "Northwind Voice", "color": "#0f766e", "domain": "voice.north.test", "logo": logo}
    saved(nora.post(url, form))
    page = alice.get(f"/portal/{bakery.account.id}/").content.decode()
    assert "Northwind Voice" in page
    assert 'data-brand="#0f766e"' in page
    logo_url = re.search(r'src="(/brand/[^"]+)"', page)
    assert logo_url is not None
    assert Client().get(logo_url[1]).headers["Content-Type"] == "image/png"
    settings.ALLOWED_HOSTS = ["*"]
    assert "Northwind Voice" in Client().get("/login", headers={"host": "voice.north.test"}).content.decode()
    wrong = SimpleUploadedFile("logo.png", b"<script>", "image/png")
    response = nora.post(url, form | {"logo": wrong, "company_name": "Changed"})
    assert response.status_code == 400
    assert WhiteLabel.objects.get(account_id=cast.tree.north.id).company_name == "Northwind Voice", "all or nothing"


def test_a_new_api_key_replaces_the_old_one(bakery: Furnished, alice: Client) -> None:
    url = f"/portal/{bakery.account.id}/api-key"
    assert alice.get(url).status_code == 200
    before = ApiKey.objects.get(account_id=bakery.account.id).key_hash
    saved(alice.post(url))
    assert ApiKey.objects.get(account_id=bakery.account.id).key_hash != before


def test_search_finds_everything_by_name_and_number(bakery: Furnished, alice: Client, nora: Client, cast: Cast) -> None:
    def found(browser: Client, account: Account, text: str) -> set[str]:
        answer = browser.get(f"/portal/{account.id}/search", {"q": text}).json()
        return {result["icon"] for result in answer["results"]}

    assert found(alice, bakery.account, "bob") == {"person"}
    assert found(alice, bakery.account, "front") == {"device"}
    assert found(alice, bakery.account, "sales") == {"group", "flow"}
    assert found(alice, bakery.account, "312 555 0100") == {"numbers", "flow"}
    assert found(alice, bakery.account, bakery.interaction_id) == {"history"}
    assert found(nora, cast.tree.north, "bakery") == {"customers"}
    assert found(alice, bakery.account, "clinic") == set()


def test_a_carrier_keeps_its_password_and_further_gateways(bakery: Furnished, alice: Client) -> None:
    base = f"/portal/{bakery.account.id}/carriers"
    form = {"name": "Alpha", "enabled": "on", "weight_cost": "10", "server": "sip.alpha.test", "port": "5060"}
    form |= {
        "username": "bakery",
        "password": "hush-hush-1",
        "rules": "^\\+1(\\d{10})$\n^(911)$",
        "number_prefix": "+1",
    }
    saved(alice.post(f"{base}/new", form))
    with account_scope(bakery.account.id):
        carrier = CarrierResource.objects.get(name="Alpha")
        second = carrier.to_document()
        second["gateways"] = [*second["gateways"], {"server": "backup.alpha.test"}]
        replace_carrier(carrier, second, system_principal(bakery.account.id))
    saved(alice.post(f"{base}/{carrier.id}", form | {"password": "", "server": "new.alpha.test"}))
    with account_scope(bakery.account.id):
        carrier = CarrierResource.objects.get(id=carrier.id)
    assert [gateway["server"] for gateway in carrier.gateways] == ["new.alpha.test", "backup.alpha.test"]
    assert carrier.rules == ["^\\+1(\\d{10})$", "^(911)$"]
    assert "hush-hush-1" not in alice.get(f"{base}/{carrier.id}").content.decode()
    bad = alice.post(f"{base}/{carrier.id}", form | {"server": "two words"})
    assert "server" in bad.context["form"].errors
    saved(alice.post(f"{base}/{carrier.id}/delete"))
    assert alice.get(f"{base}/{carrier.id}").status_code == 404


def test_limits_are_set_by_the_account_above(bakery: Furnished, alice: Client, nora: Client) -> None:
    url = f"/portal/{bakery.account.id}/limits"
    assert alice.get(url).context["form"] is None
    assert alice.post(url, {"calls": "1000"}).status_code == 200
    saved(nora.post(url, {"calls": "5"}))
    shown = {limit["label"]: (limit["used"], limit["allowed"]) for limit in alice.get(url).context["limits"]}
    assert shown["Calls at once"] == (1, 5)
