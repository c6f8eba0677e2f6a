"""Seeding the demo: through the same actions the API uses, in one transaction."""

from typing import Any

from django.conf import settings
from django.db import transaction

from apps.commerce.carriers.actions import create_carrier
from apps.foundation.accounts.actions import create_account, create_master, promote_to_reseller
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.api_keys import ensure_api_key
from apps.foundation.identity.principal import Principal, system_principal
from apps.foundation.kit.secrets import random_password
from apps.foundation.white_label.actions import replace_white_label
from apps.interfaces.demo.cast import CARRIER_PORT, CARRIER_SERVER, OPERATOR, Business, Person
from apps.pbx.callflows.actions import create_callflow
from apps.pbx.devices.actions import create_device
from apps.pbx.devices.models import Device
from apps.pbx.feature_codes.actions import install_feature_codes
from apps.pbx.numbers.actions import create_number
from apps.pbx.ring_groups.actions import create_ring_group
from apps.pbx.users.actions import create_user

Entry = dict[str, Any]


def is_empty() -> bool:
    """Whether there is no account yet, not even a deleted one."""
    return not Account.objects.exists()


@transaction.atomic
def seed_demo() -> Entry:
    """Make every account of the demo. Returns what demo.json holds; the passwords are nowhere else."""
    master = create_master({"name": OPERATOR.name, "realm": _realm(OPERATOR)})
    principal = system_principal(master.id)
    accounts = [_furnish(master, OPERATOR, principal)]
    with account_scope(master):
        _add_carrier(principal)
    for reseller in OPERATOR.below:
        account = create_account(master, {"name": reseller.name, "realm": _realm(reseller)}, principal)
        promote_to_reseller(account, principal)
        replace_white_label(account, {"company_name": reseller.name, "color": reseller.color}, principal)
        accounts.append(_furnish(account, reseller, principal))
        for customer in reseller.below:
            below = create_account(account, {"name": customer.name, "realm": _realm(customer)}, principal)
            accounts.append(_furnish(below, customer, principal))
    return {"url": settings.PUBLIC_URL, "accounts": accounts}


def _furnish(account: Account, business: Business, principal: Principal) -> Entry:
    """Everything below one account, and its entry of demo.json."""
    with account_scope(account):
        users = [
            _add_user(person, business, "admin" if position == 0 else "user", principal)
            for position, person in enumerate(business.people)
        ]
        entry: Entry = {
            "id": account.id,
            "name": account.name,
            "parent": account.parent_id,
            "realm": account.realm,
            "role": "operator" if account.is_master else "reseller" if account.is_reseller else "customer",
            "api_key": ensure_api_key(account),
            "users": users,
            "devices": [],
            "numbers": [],
            "callflows": [],
        }
        if business.group:
            _add_telephony(entry, business, principal)
    return entry


def _add_user(person: Person, business: Business, priv_level: str, principal: Principal) -> Entry:
    password = random_password()
    document = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "username": person.username,
        "email": f"{person.username}@{business.slug}.example",
        "priv_level": priv_level,
        "password": password,
    }
    user = create_user(document, principal)
    return {"id": user.id, "username": person.username, "password": password, "priv_level": priv_level}


def _add_telephony(entry: Entry, business: Business, principal: Principal) -> None:
    """Phones, extensions from 1001, numbers, the ring group on the main one, and the way out for all the rest."""
    entry["numbers"] = [business.main_number, business.direct_number]
    for number in entry["numbers"]:
        create_number(number, {"create_with_state": "in_service"}, principal)
    for position, (person, user) in enumerate(zip(business.people, entry["users"], strict=True)):
        extension = str(1001 + position)
        entry["devices"].append(_add_device(person, user["id"], extension, principal))
        numbers = [extension] + ([business.direct_number] if position == 0 else [])
        flow = {"module": "user", "data": {"id": user["id"], "timeout": 25}, "children": {}}
        entry["callflows"].append(_add_callflow(f"{person.first_name} {person.last_name}", numbers, flow, principal))
    members = [{"id": user["id"], "type": "user", "delay": 0, "timeout": 20} for user in entry["users"]]
    group = create_ring_group(
        {"name": business.group, "numbers": [business.main_number, "2000"], "members": members}, principal
    )
    entry["callflows"].append({"id": group.callflow_id, "numbers": [business.main_number, "2000"]})
    codes = install_feature_codes(principal)
    entry["callflows"] += [{"id": code.id, "numbers": code.numbers} for code in codes]
    out = {"module": "resources", "data": {}, "children": {}}
    entry["callflows"].append(_add_callflow("Calls to the outside", ["no_match"], out, principal))


def _add_device(person: Person, owner_id: str, extension: str, principal: Principal) -> Entry:
    device: Device = create_device(
        {
            "name": f"{person.first_name}'s phone",
            "device_type": "sip_device",
            "owner_id": owner_id,
            "sip": {"username": f"{person.username}{extension}", "password": random_password()},
            "caller_id": {"internal": {"name": f"{person.first_name} {person.last_name}", "number": extension}},
        },
        principal,
    )
    return {
        "id": device.id,
        "name": device.name,
        "sip_username": device.sip_username,
        "sip_password": device.sip_password,
    }


def _add_callflow(name: str, numbers: list[str], flow: Entry, principal: Principal) -> Entry:
    callflow = create_callflow({"name": name, "numbers": numbers, "flow": flow}, principal)
    return {"id": callflow.id, "numbers": callflow.numbers}


def _add_carrier(principal: Principal) -> None:
    """The way out: the lab's carrier, open to every account because it is the master account's."""
    create_carrier(
        {
            "name": "Lab carrier",
            "enabled": True,
            "weight_cost": 50,
            "rules": [r"^(\+\d{6,15})$"],
            "gateways": [{"server": CARRIER_SERVER, "port": CARRIER_PORT}],
        },
        principal,
    )


def _realm(business: Business) -> str:
    return f"{business.slug}.sip.{settings.REALM_SUFFIX}"
