"""Writes to the SIP directory. Callers hold the transaction of the tenant row a directory row belongs to."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from apps.foundation.kit.clock import now
from apps.foundation.kit.secrets import encrypt
from apps.switching.registrar.flushing import forget_cached_user, renew_gateway
from apps.switching.registrar.models import Gateway, SipCredential, TrunkAddress


class CredentialTaken(Exception):
    """Another device already uses this name in this realm."""


def write_credential(
    *,
    device_id: str,
    account_id: str,
    realm: str,
    username: str,
    a1_hash: str,
    owner_id: str = "",
    enabled: bool = True,
    variables: dict[str, Any] | None = None,
) -> SipCredential:
    """Create or replace the credential of a device. Raises CredentialTaken.

    `a1_hash` is MD5(username:realm:password) in lower-case hex. Of `variables`, None values are left out. The switches
    forget what they had cached once the transaction commits.
    """
    with transaction.atomic():
        taken = SipCredential.objects.filter(realm=realm.lower(), username=username).exclude(device_id=device_id)
        if taken.exists():
            raise CredentialTaken(f"{username}@{realm}")
        before = SipCredential.objects.select_for_update().filter(device_id=device_id).first()
        written, _created = SipCredential.objects.update_or_create(
            device_id=device_id,
            defaults={
                "account_id": account_id,
                "realm": realm.lower(),
                "username": username,
                "a1_hash": a1_hash,
                "owner_id": owner_id,
                "enabled": enabled,
                "variables": {key: str(value) for key, value in (variables or {}).items() if value is not None},
                "modified": now(),
            },
        )
        for credential in filter(None, (before, written)):
            _forget_on_commit(credential.username, credential.realm)
    return written


def remove_credential(device_id: str) -> None:
    """Remove the credential of a device, if it has one. Its registrations end with their own expiry."""
    with transaction.atomic():
        for credential in SipCredential.objects.select_for_update().filter(device_id=device_id):
            credential.delete()
            _forget_on_commit(credential.username, credential.realm)


def write_trunk_addresses(
    *, source_id: str, account_id: str, networks: Iterable[str], source_type: str = "resource", enabled: bool = True
) -> None:
    """Replace the networks a carrier's resource or a customer's trunk sends calls from."""
    with transaction.atomic():
        TrunkAddress.objects.filter(source_id=source_id).delete()
        TrunkAddress.objects.bulk_create(
            TrunkAddress(
                network=network,
                account_id=account_id,
                source_type=source_type,
                source_id=source_id,
                enabled=enabled,
            )
            for network in dict.fromkeys(networks)
        )


def write_gateway(
    *,
    name: str,
    source_id: str,
    account_id: str,
    proxy: str,
    username: str = "",
    password: str = "",
    realm: str = "",
    register: bool = True,
    expire_seconds: int = 600,
    enabled: bool = True,
) -> Gateway:
    """Create or replace a carrier the switches register with; they take it over when the transaction commits."""
    with transaction.atomic():
        gateway, _created = Gateway.objects.update_or_create(
            name=name,
            defaults={
                "account_id": account_id,
                "source_id": source_id,
                "proxy": proxy,
                "realm": realm,
                "username": username,
                "password_encrypted": encrypt(password) if password else "",
                "register": register,
                "expire_seconds": expire_seconds,
                "enabled": enabled,
            },
        )
        _renew_gateway_on_commit(name)
    return gateway


def remove_gateways(source_id: str) -> None:
    """Remove every gateway of a carrier's resource."""
    with transaction.atomic():
        gateways = Gateway.objects.select_for_update().filter(source_id=source_id)
        names = list(gateways.values_list("name", flat=True))
        gateways.delete()
        for name in names:
            _renew_gateway_on_commit(name)


def _renew_gateway_on_commit(name: str) -> None:
    transaction.on_commit(lambda: renew_gateway(name))


def _forget_on_commit(username: str, realm: str) -> None:
    transaction.on_commit(lambda: forget_cached_user(username, realm))
