"""A carrier as a SIP user agent: takes and places trunk calls, and lets gateways register with digest."""

from __future__ import annotations

import re
import secrets

from tests.telephony.sip_messages import Message, digest_response, response_to, uri_in
from tests.telephony.sip_phone import Address, SipCall, SipPhone

REALM = "carrier.test"


class SipCarrier(SipPhone):
    """`accounts` are the passwords of those who may register, `registered` their contacts.

    With `challenges` a call to it is asked for the credentials, too."""

    def __init__(self, mark: int = 0x2A) -> None:
        super().__init__(mark=mark)
        self.accounts: dict[str, str] = {}
        self.registered: dict[str, str] = {}
        self.refused: list[str] = []
        self.challenges = False

    def _requested(self, request: Message, call: SipCall | None, source: Address) -> None:
        if request.method == "REGISTER":
            self._registration(request, source)
        elif request.method == "INVITE" and call is None and self.challenges and not self._proven(request):
            self._challenge(request, source, 407, "Proxy Authentication Required", "proxy-authenticate")
        else:
            super()._requested(request, call, source)

    def _registration(self, request: Message, source: Address) -> None:
        if not request.header("authorization"):
            self._challenge(request, source, 401, "Unauthorized", "www-authenticate")
            return
        username = _asked(request).get("username", "")
        if not self._proven(request):
            self.refused.append(username)
            self._send(response_to(request, 403, "Forbidden", secrets.token_hex(4)), source)
            return
        contact, expires = request.header("contact"), request.header("expires") or "300"
        found = re.search(r"expires=(\d+)", contact)
        if (found[1] if found else expires) == "0":
            self.registered.pop(username, None)
        else:
            self.registered[username] = uri_in(contact)
        answer = response_to(request, 200, "OK", secrets.token_hex(4))
        answer.headers += [("contact", contact), ("expires", expires)]
        self._send(answer, source)

    def _challenge(self, request: Message, source: Address, status: int, reason: str, name: str) -> None:
        answer = response_to(request, status, reason, secrets.token_hex(4))
        answer.headers.append((name, f'Digest realm="{REALM}", nonce="{secrets.token_hex(8)}", algorithm=MD5'))
        self._send(answer, source)

    def _proven(self, request: Message) -> bool:
        given = _asked(request)
        password = self.accounts.get(given.get("username", ""))
        if password is None:
            return False
        return given.get("response") == digest_response(given, request.method, password)


def _asked(request: Message) -> dict[str, str]:
    header = request.header("authorization") or request.header("proxy-authorization")
    return dict(re.findall(r'(\w+)="?([^",]*)"?', header))
