"""The directory section: who is this user? One indexed query per question; the answer is the digest's A1 hash and the
variables every call of that user carries.

`sip_auth` comes with each REGISTER and INVITE the switch has no cached answer for, `user_call` with each `user/` leg, a
question without an action from `user_data` and the like. `reverse-auth-lookup` names the contact's address instead of
the tenant's realm, `message-count` and `group_call` ask for what we do not keep there: those are declined without a
query.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping

from apps.foundation.kit.secrets import SecretUnreadable, decrypt
from apps.interfaces.freeswitch.markup import NOT_FOUND, document, element
from apps.interfaces.freeswitch.store import DatabaseAway, Row, Store

#: How long the switch keeps an answer, unless it is told to forget it (registrar.flushing).
CACHE_MILLISECONDS = 60_000
_REMEMBERED = 20_000
#: An `event_socket_auth` least of all: a phone's user is nobody on the event socket.
_ANSWERED = frozenset({"sip_auth", "user_call", ""})
#: A presence id without a realm names no lamp to mod_sofia: what lamps show comes from `switching.presence` alone.
_DIAL_STRING = (
    "{^^:sip_invite_domain=${dialed_domain}:presence_id=${dialed_user}}"
    "${sofia_contact(internal/${dialed_user}@${dialed_domain})}"
)

USER = """
SELECT credential.username, credential.realm, credential.a1_hash, credential.account_id, credential.device_id,
       credential.owner_id, credential.variables::text AS variables
  FROM registrar_sipcredential credential
  JOIN accounts_account account ON account.id = credential.account_id
 WHERE credential.realm = %(realm)s AND credential.username = %(username)s AND credential.enabled
   AND account.enabled AND account.deleted IS NULL
   AND NOT EXISTS (SELECT 1 FROM accounts_account above
                    WHERE above.id = ANY(account.ancestors) AND NOT above.enabled)
"""
GATEWAYS = """
SELECT name, proxy, realm, username, password_encrypted, register, expire_seconds
  FROM registrar_gateway WHERE enabled ORDER BY name
"""


class Directory:
    """Remembers its last answers for the time the database is away."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def answer(self, fields: Mapping[str, str], store: Store) -> bytes:
        """Raises DatabaseAway where the database is and the question was not asked before."""
        if fields.get("purpose") == "gateways":
            return await _gateways(fields, store)
        realm, username = fields.get("domain", ""), fields.get("user", "")
        if fields.get("action", "") not in _ANSWERED or not realm or not username or "purpose" in fields:
            return NOT_FOUND
        return await self._user(realm.lower(), username, store)

    async def _user(self, realm: str, username: str, store: Store) -> bytes:
        key = (realm, username)
        try:
            row = await store.row(USER, {"realm": realm, "username": username})
        except DatabaseAway:
            if key not in self._last:
                raise
            return self._last[key]
        if row is None:
            self._last.pop(key, None)
            return NOT_FOUND
        answer = self._last[key] = user_document(row)
        self._last.move_to_end(key)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
        return answer


def user_document(row: Row) -> bytes:
    """The answer about one user, from a row of USER."""
    variables = {
        **json.loads(row["variables"]),
        "account_id": row["account_id"],
        "user_context": "internal",
        "presence_id": row["username"],
    }
    variables.setdefault("authorizing_id", row["device_id"])
    variables.setdefault("authorizing_type", "device")
    if row["owner_id"]:
        variables.setdefault("owner_id", row["owner_id"])
    user = element(
        "user",
        element("params", _param("a1-hash", row["a1_hash"]), _param("dial-string", _DIAL_STRING)),
        element("variables", *(element("variable", name=key, value=str(text)) for key, text in variables.items())),
        id_=row["username"],
        cacheable=str(CACHE_MILLISECONDS),
    )
    group = element("groups", element("group", element("users", user), name="devices"))
    return document("directory", element("domain", group, name=row["realm"]))


async def _gateways(fields: Mapping[str, str], store: Store) -> bytes:
    if fields.get("profile") != "external":
        return NOT_FOUND
    try:
        gateways = [_gateway(row) for row in await store.rows(GATEWAYS, {})]
    except SecretUnreadable:
        return NOT_FOUND
    if not gateways:
        return NOT_FOUND
    user = element("user", element("gateways", *gateways), id_="carriers")
    # mod_sofia looks for gateways of users in groups, and nowhere else (sofia.c, parse_domain_tag).
    group = element("group", element("users", user), name="carriers")
    return document("directory", element("domain", element("groups", group), name="carriers"))


def _gateway(row: Row) -> str:
    password = decrypt(row["password_encrypted"]) if row["password_encrypted"] else ""
    parameters = {
        "proxy": row["proxy"],
        "realm": row["realm"] or row["proxy"],
        "username": row["username"] or "nobody",
        "password": password or "none",
        "register": "true" if row["register"] else "false",
        "expire-seconds": str(row["expire_seconds"]),
        "retry-seconds": "30",
        "caller-id-in-from": "true",
        "context": "public",
        # A carrier that calls the contact we registered says in To which number was dialled.
        "extension": "auto_to_user",
    }
    return element("gateway", *(_param(name, value) for name, value in parameters.items()), name=row["name"])


def _param(name: str, value: str) -> str:
    return element("param", name=name, value=value)
