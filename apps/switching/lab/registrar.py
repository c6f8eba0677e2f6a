"""REGISTER and INVITE authentication on the internal profile, and the registrations (sofia_reg.c)."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apps.switching.lab.events import Headers, Origin
from apps.switching.lab.xml_curl import MESSAGE_COUNT, SIP_AUTH, DirectoryUser

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch
    from apps.switching.lab.world import LabPhone

_TOKEN = "sofia_reg_handle_register_token"  # noqa: S105 - a function's name
_PRE_REGISTER = Origin("sofia_reg.c", _TOKEN, 1810)
_ATTEMPT = Origin("sofia_reg.c", _TOKEN, 1606)
_FAILURE = Origin("sofia_reg.c", _TOKEN, 1792)
_REGISTER = Origin("sofia_reg.c", _TOKEN, 2059)
_UNREGISTER = Origin("sofia_reg.c", _TOKEN, 2213)
_EXPIRE = Origin("sofia_reg.c", "sofia_reg_del_callback", 726)

OK, FORBIDDEN = 200, 403


def digest_response(a1_hash: str, method: str, uri: str, nonce: str, nc: str, cnonce: str) -> str:
    """RFC 2617 §3.2.2.1 with qop=auth and MD5."""
    a2_hash = hashlib.md5(f"{method}:{uri}".encode(), usedforsecurity=False).hexdigest()
    return hashlib.md5(f"{a1_hash}:{nonce}:{nc}:{cnonce}:auth:{a2_hash}".encode(), usedforsecurity=False).hexdigest()


def a1_hash(username: str, realm: str, password: str) -> str:
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


@dataclass
class Registration:
    """One contact of one user; `expires_at` in seconds since the epoch."""

    phone: LabPhone
    user: str
    realm: str
    contact: str
    call_id: str
    expires: int
    expires_at: float
    directory_variables: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"sofia/internal/{self.contact}"


class Registrar:
    """The registrations of the internal profile."""

    def __init__(self, switch: LabSwitch) -> None:
        self.switch = switch
        self.by_contact: dict[str, Registration] = {}
        self._sweeper: asyncio.Task[None] | None = None

    def of(self, user: str, realm: str) -> list[Registration]:
        """A user's live contacts, oldest first."""
        return [one for one in self.by_contact.values() if (one.user, one.realm) == (user, realm)]

    def contact_string(self, user: str, realm: str) -> str:
        """What ``${sofia_contact(*/user@realm)}`` gives: dial strings, or an error to dial."""
        found = self.of(user, realm)
        return ",".join(one.url for one in found) or "error/user_not_registered"

    async def authenticate(self, phone: LabPhone, method: str, request_user: str, call_id: str) -> DirectoryUser | None:
        """Challenge the phone, look its user up (sip_auth) and compare the digests. None is a 403."""
        target = f"{request_user}@{phone.realm}" if request_user else phone.realm
        nonce, cnonce, nc = str(uuid.uuid4()), uuid.uuid4().hex[:8], "00000001"
        response = digest_response(
            a1_hash(phone.username, phone.realm, phone.password), method, f"sip:{target}", nonce, nc, cnonce
        )
        fields: Headers = [
            ("action", "sip_auth"),
            ("sip_profile", "internal"),
            ("sip_user_agent", phone.user_agent),
            ("sip_auth_username", phone.username),
            ("sip_auth_realm", phone.realm),
            ("sip_auth_nonce", nonce),
            ("sip_auth_uri", f"sip:{target}"),
            ("sip_contact_user", phone.username),
            ("sip_contact_host", phone.ip),
            ("sip_to_user", request_user or phone.username),
            ("sip_to_host", phone.realm),
            ("sip_via_protocol", "udp"),
            ("sip_from_user", phone.username),
            ("sip_from_host", phone.realm),
            ("sip_call_id", call_id),
        ]
        if request_user:
            fields.append(("sip_request_user", request_user))
        fields += [
            ("sip_request_host", phone.realm),
            ("sip_auth_qop", "auth"),
            ("sip_auth_cnonce", cnonce),
            ("sip_auth_nc", nc),
            ("sip_auth_response", response),
            ("sip_auth_method", method),
            ("client_port", str(phone.port)),
            ("ip", phone.ip),
        ]
        self.switch.bus.sequence += 1
        user = await self.switch.xml.user(phone.username, phone.realm, fields, SIP_AUTH)
        if user is None:
            return None
        params = user.params
        known = params.get("a1-hash") or a1_hash(phone.username, phone.realm, params.get("password", ""))
        if "a1-hash" not in params and "password" not in params:
            return None
        expected = digest_response(known, method, f"sip:{target}", nonce, nc, cnonce)
        return user if expected == response else None

    def fire_attempt(self, phone: LabPhone, call_id: str, expires: int, accepted: bool) -> None:
        """pre_register and register_attempt: sent for an INVITE's authentication too, as recorded."""
        common = self._common(phone, call_id, expires)
        agent = [("user-agent", phone.user_agent)]
        self._fire("sofia::pre_register", _PRE_REGISTER, [*common, *agent])
        who = [("username", phone.username), ("realm", phone.realm)]
        result = [("auth-result", "RENEWED" if accepted else "FORBIDDEN")]
        self._fire("sofia::register_attempt", _ATTEMPT, [*common, *who, *agent, *result])

    async def register(self, phone: LabPhone, expires: int = 3600) -> int:
        """A REGISTER, after its challenge. Returns the SIP status: 200 or 403."""
        call_id = phone.registration_call_id
        user = await self.authenticate(phone, "REGISTER", "", call_id)
        self.fire_attempt(phone, call_id, expires, user is not None)
        if user is None:
            self._fire_failure(phone)
            return FORBIDDEN
        extra = list(directory_fields(user).items())
        if expires <= 0:
            self.by_contact.pop(phone.contact_key, None)
            self._fire("sofia::unregister", _UNREGISTER, [*self._unregister_fields(phone, call_id), *extra])
            return OK
        is_new = phone.contact_key not in self.by_contact
        self.by_contact[phone.contact_key] = Registration(
            phone, phone.username, phone.realm, phone.contact, call_id, expires, time.time() + expires, dict(extra)
        )
        common = self._common(phone, call_id, expires)
        common.insert(3, ("presence-hosts", "n/a"))
        who = [("username", phone.username), ("realm", phone.realm), ("user-agent", phone.user_agent)]
        self._fire("sofia::register", _REGISTER, [*common, *who, *extra])
        if is_new and self.switch.settings.message_query:
            self.switch.presence.registered(phone, call_id)
        if self.switch.settings.message_count:
            fields: Headers = [("action", "message-count")]
            await self.switch.xml.user(phone.username, phone.realm, fields, MESSAGE_COUNT, event_name="GENERAL")
        return OK

    def flush(self, user: str, realm: str) -> int:
        """sofia profile … flush_inbound_reg: drop the user's contacts without telling the phone. Returns how many."""
        found = self.of(user, realm) if user else [one for one in self.by_contact.values() if one.realm == realm]
        for registration in found:
            self.expire(registration)
        return len(found)

    def expire(self, registration: Registration) -> None:
        """A contact ends by itself or is flushed."""
        if self.by_contact.pop(registration.phone.contact_key, None) is None:
            return
        phone = registration.phone
        fields = [
            ("profile-name", "internal"),
            ("call-id", registration.call_id),
            ("user", registration.user),
            ("username", registration.user),
            ("host", registration.realm),
            ("contact", f'"" <{registration.contact}>'),
            ("expires", str(int(registration.expires_at))),
            ("user-agent", phone.user_agent),
            ("realm", registration.realm),
            ("network-ip", phone.ip),
            ("network-port", str(phone.port)),
        ]
        self._fire("sofia::expire", _EXPIRE, fields)

    def sweep(self) -> None:
        """Expire what is past its time. The real switch looks once a minute and adds a grace of 60 s."""
        now = time.time()
        for registration in [one for one in self.by_contact.values() if one.expires_at < now]:
            self.expire(registration)

    def _fire(self, subclass: str, origin: Origin, fields: Headers) -> None:
        self.switch.bus.fire("CUSTOM", origin, fields, subclass=subclass)

    def _common(self, phone: LabPhone, call_id: str, expires: int) -> Headers:
        return [
            ("profile-name", "internal"),
            ("from-user", phone.username),
            ("from-host", phone.realm),
            ("contact", f'"" <{phone.contact}>'),
            ("call-id", call_id),
            ("rpid", "unknown"),
            ("status", "Registered(UDP)"),
            ("expires", str(max(0, expires))),
            ("to-user", phone.username),
            ("to-host", phone.realm),
            ("network-ip", phone.ip),
            ("network-port", str(phone.port)),
        ]

    def _unregister_fields(self, phone: LabPhone, call_id: str) -> Headers:
        return [
            ("profile-name", "internal"),
            ("username", phone.username),
            ("from-user", phone.username),
            ("from-host", phone.realm),
            ("contact", f'"" <{phone.contact}>'),
            ("call-id", call_id),
            ("rpid", "unknown"),
            ("realm", phone.realm),
            ("network-ip", phone.ip),
            ("network-port", str(phone.port)),
            ("user-agent", phone.user_agent),
            ("expires", "0"),
        ]

    def _fire_failure(self, phone: LabPhone) -> None:
        fields = [
            ("profile-name", "internal"),
            ("to-user", phone.username),
            ("to-host", phone.realm),
            ("network-ip", phone.ip),
            ("user-agent", phone.user_agent),
            ("profile-name", "internal"),
            ("network-port", str(phone.port)),
            ("registration-type", "REGISTER"),
        ]
        self._fire("sofia::register_failure", _FAILURE, fields)


def directory_fields(user: DirectoryUser) -> dict[str, str]:
    """What sofia::register adds from the directory: aliases, then every user variable."""
    return {
        "sip_number_alias": user.user.get("number-alias", user.name),
        "sip_auth_username": user.name,
        "sip_auth_realm": user.domain,
        "number_alias": user.user.get("number-alias", user.name),
        "user_name": user.name,
        "domain_name": user.domain,
        **user.variables,
    }
