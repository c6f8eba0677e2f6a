"""What lamps show now, read from the live channels and from what was set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from apps.foundation.accounts.models import Account
from apps.foundation.kit.clock import now
from apps.switching.calls.models import ChannelState, LiveChannel
from apps.switching.presence.models import (
    LampLine,
    LampMark,
    LampState,
    LampTold,
    MailboxCount,
    QuietEndpoint,
    Subscription,
)
from apps.switching.registrar.models import Registration, SipCredential

LampKey = tuple[str, str]
"""An account's id and a presence id; for messages the account's id and a SIP user or mailbox number."""
Shown = tuple[LampState, bool]


@dataclass(frozen=True, slots=True)
class Lamp:
    """`uuid` is the channel's that makes it so, empty where none does. `calling` is True where its owner called and
    `answered` once that call was; `number` and `name` are the other party's."""

    state: LampState
    uuid: str = ""
    calling: bool = False
    answered: bool = False
    number: str = ""
    name: str = ""

    @property
    def shown(self) -> Shown:
        """What is told again where it differs. The answer counts: until then mod_sofia shows the phone that calls as
        early, where its SIP username is the extension."""
        return self.state, self.answered


@dataclass(frozen=True, slots=True)
class Counts:
    new: int = 0
    saved: int = 0


#: A credential's variable: "false" where the phone is told of messages only if it has asked.
UNASKED = "mwi_unsolicited_updates"
DARK = Lamp(LampState.TERMINATED)
_ORDER = list(LampState)


@dataclass(slots=True)
class Picture:
    """Some accounts at one moment. A lamp that is not in `lamps` is terminated. `realms` are the accounts'; `reached`
    says on which switches an account has phones; `watched` which lamps are known to be watched there."""

    lamps: dict[LampKey, Lamp] = field(default_factory=dict)
    messages: dict[LampKey, Counts] = field(default_factory=dict)
    realms: dict[str, str] = field(default_factory=dict)
    reached: set[tuple[str, str]] = field(default_factory=set)
    watched: set[tuple[str, LampKey]] = field(default_factory=set)


def picture_of(account_ids: Collection[str]) -> Picture:
    """A handful of queries, however many the accounts."""
    picture = Picture(realms=dict(Account.objects.filter(id__in=account_ids).values_list("id", "realm")))
    picture.realms = {account: realm.lower() for account, realm in picture.realms.items() if realm}
    picture.lamps = lamps_of(account_ids)
    picture.messages = messages_of(account_ids)
    moment = now()
    of_phones = Registration.objects.filter(account_id__in=account_ids, expires__gt=moment)
    picture.reached = set(of_phones.values_list("switch", "account_id").distinct())
    for row in Subscription.objects.filter(account_id__in=account_ids, expires__gt=moment):
        picture.reached.add((row.switch, row.account_id))
        picture.watched.add((row.switch, (row.account_id, row.presence_id)))
    return picture


def lamps_of(account_ids: Collection[str]) -> dict[LampKey, Lamp]:
    """The lamps of these accounts that are lit."""
    by_endpoint: dict[LampKey, Lamp] = {}
    for row in LiveChannel.objects.filter(account_id__in=account_ids):
        lamp = _lamp(row)
        for endpoint in {row.authorizing_id, row.owner_id} - {""}:
            _light(by_endpoint, (row.account_id, endpoint), lamp)
    for quiet in QuietEndpoint.objects.filter(account_id__in=account_ids):
        _light(by_endpoint, (quiet.account_id, quiet.endpoint_id), Lamp(LampState.CONFIRMED))
    lamps: dict[LampKey, Lamp] = {}
    endpoints = {endpoint for _account, endpoint in by_endpoint}
    for line in LampLine.objects.filter(account_id__in=account_ids, endpoint_id__in=endpoints):
        if (found := by_endpoint.get((line.account_id, line.endpoint_id))) is not None:
            _light(lamps, (line.account_id, line.presence_id), found)
    for mark in LampMark.objects.filter(account_id__in=account_ids):
        _light(lamps, (mark.account_id, mark.presence_id), Lamp(LampState(mark.state)))
    return lamps


def messages_of(account_ids: Collection[str]) -> dict[LampKey, Counts]:
    """By the SIP users of a mailbox's owner (the sum of all his) and by the mailbox's own number."""
    rows = list(MailboxCount.objects.filter(account_id__in=account_ids))
    owned: dict[LampKey, Counts] = defaultdict(Counts)
    found: dict[LampKey, Counts] = {}
    for row in rows:
        if row.number:
            found[row.account_id, row.number] = Counts(row.new, row.saved)
        if row.owner_id:
            before = owned[row.account_id, row.owner_id]
            owned[row.account_id, row.owner_id] = Counts(before.new + row.new, before.saved + row.saved)
    owners = {owner for _account, owner in owned}
    phones = SipCredential.objects.filter(account_id__in=account_ids, owner_id__in=owners) if owners else ()
    asking = _asking(account_ids) if any(UNASKED in phone.variables for phone in phones) else frozenset()
    for phone in phones:
        if phone.variables.get(UNASKED) == "false" and (phone.account_id, phone.username) not in asking:
            continue
        if (counts := owned.get((phone.account_id, phone.owner_id))) is not None:
            found[phone.account_id, phone.username] = counts
    return found


def _asking(account_ids: Collection[str]) -> frozenset[LampKey]:
    """The phones that have asked to be told of messages (RFC 3842)."""
    asked = Subscription.objects.filter(account_id__in=account_ids, event="message-summary", expires__gt=now())
    return frozenset(asked.values_list("account_id", "presence_id"))


def lively_accounts() -> set[str]:
    """Those that may have a lit lamp."""
    return {
        *LiveChannel.objects.exclude(account_id="").values_list("account_id", flat=True).distinct(),
        *LampMark.objects.values_list("account_id", flat=True).distinct(),
        *LampTold.objects.values_list("account_id", flat=True).distinct(),
        *QuietEndpoint.objects.values_list("account_id", flat=True).distinct(),
    }


def accounts_on(switch: str) -> set[str]:
    """Those with phones on a switch."""
    return {
        *Registration.objects.filter(switch=switch).values_list("account_id", flat=True).distinct(),
        *Subscription.objects.filter(switch=switch).values_list("account_id", flat=True).distinct(),
    }


def accounts_of_realms(realms: Iterable[str]) -> dict[str, str]:
    """Account ids by realm, in lower case."""
    wanted = {realm.lower() for realm in realms}
    rows = Account.objects.filter(realm__in=wanted, deleted=None).values_list("realm", "id")
    return {realm.lower(): account_id for realm, account_id in rows}


def extensions_of(account_id: str, endpoint_id: str) -> list[str]:
    """The lamps an endpoint lights."""
    rows = LampLine.objects.filter(account_id=account_id, endpoint_id=endpoint_id)
    return sorted(set(rows.values_list("presence_id", flat=True)))


def _light(lamps: dict[LampKey, Lamp], key: LampKey, lamp: Lamp) -> None:
    before = lamps.get(key)
    if before is None or _rank(lamp) > _rank(before):
        lamps[key] = lamp


def _rank(lamp: Lamp) -> tuple[int, bool, str]:
    """A call says more than what was set; among several the choice only has to stay the same."""
    return _ORDER.index(lamp.state), bool(lamp.uuid), lamp.uuid


def _lamp(row: LiveChannel) -> Lamp:
    # Who calls is busy from the start, as mod_sofia shows it: a lamp that flashes says "a call to pick up".
    calling = row.direction == "inbound"
    early = row.state == ChannelState.RINGING and not calling
    return Lamp(
        LampState.EARLY if early else LampState.CONFIRMED,
        row.uuid,
        calling,
        row.answered is not None,
        row.destination if calling else row.caller_id_number,
        "" if calling else row.caller_id_name,
    )
