"""Every write about lamps. The switches are told by `presence.desk`, which hears the events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from apps.foundation.events.publishing import publish
from apps.foundation.kit.clock import now
from apps.switching.presence.events import LampChanged, LampSet, LampsToRepeat, MessagesWaiting
from apps.switching.presence.models import (
    LampLine,
    LampMark,
    LampState,
    LampTold,
    MailboxCount,
    QuietEndpoint,
    Subscription,
)
from apps.switching.presence.queries import DARK, LampKey, Picture, picture_of


@dataclass(frozen=True, slots=True)
class Watching:
    """A SUBSCRIBE as a switch told of it. `seconds` is 0 where it ends."""

    switch: str
    call_id: str
    account_id: str
    presence_id: str
    event: str
    subscriber: str
    seconds: int


@transaction.atomic
def set_lamp(account_id: str, presence_id: str, state: str, *, source: str = "set") -> None:
    """Light a lamp without a call, until it is set to terminated. `source` keeps apart who set it."""
    presence_id = presence_id.partition("@")[0][:128]
    state = LampState(state)
    if state is LampState.TERMINATED:
        LampMark.objects.filter(account_id=account_id, presence_id=presence_id, source=source).delete()
    else:
        LampMark.objects.update_or_create(
            account_id=account_id,
            presence_id=presence_id,
            source=source,
            defaults={"state": state, "since": now()},
        )
    publish(LampSet(account_id, presence_id, state))


@transaction.atomic
def reset_lamps(account_id: str, presence_ids: Sequence[str]) -> None:
    """Forget what was set by hand, and send every phone that watches them what they really are."""
    LampMark.objects.filter(account_id=account_id, presence_id__in=presence_ids, source="set").delete()
    publish(LampsToRepeat(account_id, tuple(presence_ids)))


@transaction.atomic
def look(account_ids: Collection[str]) -> Picture:
    """The picture of these accounts now; what their lamps show other than was last announced is announced.

    Every process that holds connections to switches looks. They look at an account one after the other, each at what is
    true after the one before: so a change is announced once, and an old picture never after a newer one. Costs the
    picture's queries and two more, and one write where something changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('lamps/' || id, 0)) FROM unnest(%s::text[]) id",
            [sorted(account_ids)],
        )
    picture = picture_of(account_ids)
    told = {(row.account_id, row.presence_id): row for row in LampTold.objects.filter(account_id__in=account_ids)}
    changed = [
        key
        for key in sorted(told.keys() | picture.lamps.keys())
        if picture.lamps.get(key, DARK).state != (told[key].state if key in told else LampState.TERMINATED)
    ]
    if not changed:
        return picture
    LampTold.objects.filter(pk__in=[told[key].pk for key in changed if key in told]).delete()
    lit = [(key, picture.lamps[key]) for key in changed if picture.lamps.get(key, DARK).state != LampState.TERMINATED]
    LampTold.objects.bulk_create(
        LampTold(account_id=account, presence_id=presence_id, state=lamp.state, call_id=lamp.uuid)
        for (account, presence_id), lamp in lit
    )
    publish(*(_changed(picture, key) for key in changed))
    return picture


def _changed(picture: Picture, key: LampKey) -> LampChanged:
    lamp = picture.lamps.get(key, DARK)
    return LampChanged(key[0], key[1], picture.realms.get(key[0], ""), lamp.state.value, lamp.uuid)


@transaction.atomic
def write_lines(account_id: str, source_id: str, lines: Iterable[tuple[str, str]]) -> None:
    """Replace what one document says about which endpoint lights which lamp: pairs of endpoint and presence id. Whoever
    changes it announces a change of the document."""
    wanted = {(endpoint, lamp[:128]) for endpoint, lamp in lines if endpoint and lamp}
    present = {(row.endpoint_id, row.presence_id): row.pk for row in LampLine.objects.filter(source_id=source_id)}
    LampLine.objects.filter(pk__in=[pk for pair, pk in present.items() if pair not in wanted]).delete()
    LampLine.objects.bulk_create(
        [
            LampLine(account_id=account_id, source_id=source_id, endpoint_id=endpoint, presence_id=lamp)
            for endpoint, lamp in sorted(wanted - present.keys())
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def set_quiet(account_id: str, endpoint_id: str, quiet: bool) -> None:
    """Do-not-disturb of a user or device: the lamps it lights show busy."""
    if quiet:
        QuietEndpoint.objects.update_or_create(endpoint_id=endpoint_id, defaults={"account_id": account_id})
    else:
        QuietEndpoint.objects.filter(endpoint_id=endpoint_id).delete()


@transaction.atomic
def set_message_waiting(
    account_id: str, mailbox_id: str, *, number: str = "", owner_id: str = "", new: int = 0, saved: int = 0
) -> None:
    """How many messages a mailbox holds now. The phones of `owner_id` show the sum over his mailboxes."""
    MailboxCount.objects.update_or_create(
        mailbox_id=mailbox_id,
        defaults={
            "account_id": account_id,
            "number": number[:64],
            "owner_id": owner_id,
            "new": new,
            "saved": saved,
        },
    )
    publish(MessagesWaiting(account_id, number, owner_id, new, saved))


@transaction.atomic
def remember_subscriptions(found: Sequence[Watching]) -> None:
    """Note who watches what on which switch; the last word about a SIP dialog counts."""
    latest = {(one.switch, one.call_id): one for one in found}
    for (switch, call_id), one in sorted(latest.items()):
        if one.seconds <= 0:
            Subscription.objects.filter(switch=switch, call_id=call_id).delete()
            continue
        Subscription.objects.update_or_create(
            switch=switch,
            call_id=call_id[:255],
            defaults={
                "account_id": one.account_id,
                "presence_id": one.presence_id[:128],
                "event": one.event[:32],
                "subscriber": one.subscriber[:320],
                "expires": now() + timedelta(seconds=min(one.seconds, 86_400)),
            },
        )


def forget_expired_subscriptions() -> int:
    removed, _by_model = Subscription.objects.filter(expires__lt=now()).delete()
    return removed
