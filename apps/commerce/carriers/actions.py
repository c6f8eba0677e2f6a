"""Every write of a carrier. The addresses its calls come from are written to the cluster's directory with it."""

import ipaddress
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.commerce.carriers.documents import WIDEST_OF_CUSTOMERS, CarrierDocument
from apps.commerce.carriers.models import CarrierResource
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal, Role
from apps.switching.registrar.actions import remove_gateways, write_gateway, write_trunk_addresses
from apps.switching.registrar.models import Gateway, TrunkAddress


@transaction.atomic
def create_carrier(document: dict[str, Any], principal: Principal) -> CarrierResource:
    """A carrier of the scope's account; one of the master account is everybody's.

    Raises ValidationFailed: an address that calls of a customer's own telephone system come from, or a network wider
    than anybody but the operator may give.
    """
    document = validated(CarrierDocument, document)
    _refuse_wide(document, principal)
    carrier = create_document(CarrierResource, document, principal)
    _write_addresses(carrier)
    _write_registrations(carrier)
    return carrier


@transaction.atomic
def replace_carrier(carrier: CarrierResource, document: dict[str, Any], principal: Principal) -> CarrierResource:
    """Gateways without a password in the document keep theirs. Raises as `create_carrier`."""
    document = validated(CarrierDocument, document)
    _refuse_wide(document, principal, before=carrier.document.get("inbound_networks") or ())
    replace_document(carrier, document, principal)
    _write_addresses(carrier)
    _write_registrations(carrier)
    return carrier


@transaction.atomic
def delete_carrier(carrier: CarrierResource, principal: Principal, *, hard: bool = False) -> CarrierResource:
    write_trunk_addresses(source_id=carrier.id, account_id=carrier.account_id, networks=())
    remove_gateways(carrier.id)
    return delete_document(carrier, principal, hard=hard)


@transaction.atomic
def suspend_account(account: Account) -> None:
    """The account was disabled or deleted: nothing comes in from its carriers."""
    TrunkAddress.objects.filter(account_id=account.id, source_type="resource").update(enabled=False)
    for source_id in Gateway.objects.filter(account_id=account.id).values_list("source_id", flat=True).distinct():
        remove_gateways(source_id)


def resume_account(account: Account) -> None:
    """The account works again."""
    with account_scope(account.id), transaction.atomic():
        for carrier in CarrierResource.objects.all():
            _write_addresses(carrier)
            _write_registrations(carrier)


def _write_registrations(carrier: CarrierResource) -> None:
    """The gateways the switches are to register with, and no others."""
    remove_gateways(carrier.id)
    for position, gateway in enumerate(carrier.gateways):
        if not (carrier.enabled and gateway.get("enabled", True) and gateway.get("register")):
            continue
        if not gateway.get("username"):
            message = _("A username is needed to register")
            raise ValidationFailed({f"gateways.{position}.username": {"required": {"message": message}}})
        write_gateway(
            name=f"{carrier.id}-{position}",
            source_id=carrier.id,
            account_id=carrier.account_id,
            proxy=f"{gateway['server']}:{gateway.get('port', 5060)}",
            username=str(gateway["username"]),
            password=carrier.password_of(gateway),
            realm=str(gateway.get("realm") or ""),
            expire_seconds=int(gateway.get("expire_seconds", 600)),
        )


def _write_addresses(carrier: CarrierResource) -> None:
    found: dict[str, str] = {}
    for position, gateway in enumerate(carrier.gateways):
        if (network := _address(str(gateway.get("server", "")))) is not None:
            found.setdefault(network, f"gateways.{position}.server")
    for position, network in enumerate(carrier.document.get("inbound_networks") or []):
        found.setdefault(network, f"inbound_networks.{position}")
    for network, path in found.items():
        _refuse_trunk(network, path)
    write_trunk_addresses(
        source_id=carrier.id,
        account_id=carrier.account_id,
        networks=found,
        source_type="resource",
        enabled=carrier.enabled,
    )


def _address(server: str) -> str | None:
    """The network of one machine, None for a host name: what that resolves to may change at any time."""
    try:
        return str(ipaddress.ip_network(server.strip("[]")))
    except ValueError:
        return None


def _refuse_wide(document: dict[str, Any], principal: Principal, *, before: Sequence[str] = ()) -> None:
    """What the operator has given an account stays as it is when the account's own people save it."""
    if principal.role >= Role.OPERATOR:
        return
    for position, text in enumerate(document.get("inbound_networks") or []):
        network = ipaddress.ip_network(text)
        narrowest = WIDEST_OF_CUSTOMERS[network.version]
        if network.prefixlen < narrowest and text not in before:
            message = _("Only the operator may give a network wider than /%(bits)d") % {"bits": narrowest}
            raise ValidationFailed.of(f"inbound_networks.{position}", "format", message, value=text)


def _refuse_trunk(network: str, path: str) -> None:
    trunks = TrunkAddress.objects.filter(source_type="trunk")
    if trunks.extra(where=["network && %s::cidr"], params=[network]).exists():
        raise ValidationFailed.of(path, "unique", _("Calls from this address are a customer's"), cause=network)
