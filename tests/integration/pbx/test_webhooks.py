"""Webhooks: who is told of what, over real HTTP, and what becomes of receivers that fail."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events import outbox
from apps.foundation.events.event import Event
from apps.foundation.events.models import OutboxEntry
from apps.foundation.events.reactions import Told, react
from apps.foundation.kit.clock import now
from apps.pbx.webhooks import actions, mails, outcomes, pump, reactions
from apps.pbx.webhooks.models import Attempt, Delivery, State, Webhook
from apps.switching.switches.events import CallChanged
from apps.switching.switches.facts import Leg
from tests.cast import Tree
from tests.integration.pbx.conftest import person
from tests.web_server import ADDRESS, Answer, Asked, CustomerServer, customer_server

pytestmark = pytest.mark.django_db
OK = Answer("thanks")


@pytest.fixture
def server(settings: Any) -> Iterator[CustomerServer]:
    settings.OUTBOUND_ALLOWED = (f"{ADDRESS}/32",)
    with customer_server() as found:
        found.pages["/hook"] = OK
        yield found


def hooked(tree: Tree, account: Account, server: CustomerServer, path: str = "/hook", **more: Any) -> tuple[str, str]:
    """A webhook's id and secret."""
    document = {"name": "CRM", "uri": f"{server.url}{path}", "hook": "object", "format": "json", **more}
    with account_scope(account):
        made, secret = actions.create_webhook(document, tree.principal)
    return made.id, secret


def edited(account: Account, number: int = 0, kind: str = "device") -> DocumentChanged:
    return DocumentChanged(account.id, "doc_edited", kind, f"d{number}")


def call(account: Account, name: str = "CHANNEL_CREATE", **leg: Any) -> CallChanged:
    values = {"uuid": "c1", "switch": "fs1", "account_id": account.id, "direction": "inbound", "created": now(), **leg}
    return CallChanged(account.id, name, Leg(**values))


def told(*events: Event) -> list[Told]:
    """Events as their readers get them, once those nobody wants are left out."""
    found = reactions.wanted([outbox.told(event) for event in events])
    for one in found:
        react("webhooks", [one])
    return found


def make_due() -> None:
    """Whatever waits for a later try waits no longer."""
    Delivery.everywhere.filter(state=State.WAITING).update(due=now())
    Webhook.everywhere.update(resting_until=None)


def stored(hook_id: str) -> Webhook:
    return Webhook.everywhere.get(id=hook_id)


def test_a_webhook_is_told_and_can_check_who_tells(tree: Tree, server: CustomerServer) -> None:
    hook_id, secret = hooked(tree, tree.bakery, server, custom_data={"office": "main"})
    (event,) = told(edited(tree.bakery))
    assert pump.run() == 1
    (asked,) = server.asked
    assert (asked.method, asked.headers["webhook-id"]) == ("POST", f"{event.id}_{hook_id}")
    found = Verifier(secret).verify(asked.body, dict(asked.headers))
    assert found == {
        "hook_event": "object", "action": "doc_edited", "type": "device", "id": "d0", "account_id": tree.bakery.id,
        "reseller_id": tree.north.id, "office": "main",
    }  # fmt: skip
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(asked.body + b" ", dict(asked.headers))
    attempt = Attempt.everywhere.get(hook_id=hook_id)
    assert (attempt.to_document()["result"], attempt.response_body) == ("success", "thanks")
    assert pump.run() == 0, "it has been told"


def test_the_body_is_as_the_webhook_says(tree: Tree, server: CustomerServer) -> None:
    for path, more in {
        "/form": {"format": "form-data"},
        "/get?own=1": {"http_verb": "GET"},
        "/put": {"http_verb": "put"},
    }.items():
        server.pages[path.partition("?")[0]] = OK
        hooked(tree, tree.bakery, server, path, hook="channel_create", **more)
    told(call(tree.bakery, owner_id="o1", caller_id_name="Bob & Co"))
    pump.run()
    (form,), (get,), (put,) = (server.requests(path) for path in ("/form", "/get", "/put"))
    expected = {"hook_event": "channel_create", "call_id": "c1", "caller_id_name": "Bob & Co", "owner_id": "o1"}
    assert form.form.items() >= {**expected, "custom_channel_vars[owner_id]": "o1", "is_internal_leg": "false"}.items()
    assert (get.method, get.body) == ("GET", b"")
    assert get.query.items() >= {**expected, "own": "1"}.items()
    assert put.method == "PUT"
    assert json.loads(put.body)["custom_channel_vars"]["owner_id"] == "o1"


def test_only_those_who_asked_are_told(tree: Tree, server: CustomerServer) -> None:
    hooked(tree, tree.bakery, server, "/users", type="user")
    hooked(tree, tree.bakery, server, "/deleted", custom_data={"type": "all", "action": "doc_deleted"})
    hooked(tree, tree.bakery, server, "/off", enabled=False)
    hooked(tree, tree.north, server, "/above")
    hooked(tree, tree.north, server, "/below", include_subaccounts=True)
    hooked(tree, tree.master, server, "/all", hook="all", include_subaccounts=True)
    hooked(tree, tree.clinic, server, "/neighbour", hook="all", include_subaccounts=True)
    hooked(tree, tree.bakery, server, "/legs", hook="channel_create", include_internal_legs=False)
    hooked(tree, tree.harbour, server, "/harbour", hook="parking")
    assert told(edited(tree.harbour)) != [], "the operator listens to everything"
    told(edited(tree.bakery), call(tree.bakery, channel_name="loopback/101-a"))
    pump.run()
    assert {one.path for one in server.asked} == {"/below", "/all"}
    assert len(server.requests("/all")) == 3
    told(edited(tree.bakery, kind="user"), call(tree.bakery))
    pump.run()
    assert {one.path for one in server.asked} == {"/below", "/all", "/users", "/legs"}


def test_an_event_that_comes_twice_is_told_once(tree: Tree, server: CustomerServer) -> None:
    hooked(tree, tree.bakery, server)
    (event,) = told(edited(tree.bakery))
    react("webhooks", [event])
    with account_scope(tree.bakery.id):
        reactions.deliver(event)
    assert pump.run() == 1
    assert len(server.asked) == 1


def test_nothing_is_queued_where_nobody_listens(tree: Tree, server: CustomerServer) -> None:
    hooked(tree, tree.clinic, server)
    assert told(edited(tree.bakery), call(tree.clinic)) == []


def test_what_fails_is_tried_again_with_the_same_id(tree: Tree, server: CustomerServer) -> None:
    hook_id, secret = hooked(tree, tree.bakery, server, retries=2)
    answers = iter([Answer(status=500, body="oops"), Answer(status=302, headers={"Location": "/hook"}), OK])
    server.pages["/hook"] = lambda asked: next(answers)
    told(edited(tree.bakery))
    assert pump.run() == 1
    waiting = Delivery.everywhere.get()
    assert waiting.state == State.WAITING
    assert timedelta(seconds=1) < waiting.due - now() <= timedelta(seconds=3)
    assert pump.run() == 0, "not before its time"
    for _ in range(2):
        make_due()
        assert pump.run() == 1
    assert len({one.headers["webhook-id"] for one in server.asked}) == 1
    for asked in server.asked:
        Verifier(secret).verify(asked.body, dict(asked.headers))
    rows = [row.to_document() for row in Attempt.everywhere.filter(hook_id=hook_id).order_by("created")]
    assert [row["result"] for row in rows] == ["failure", "failure", "success"]
    assert [row.get("retries left") for row in rows] == [2, 1, None]
    assert (rows[0]["response_code"], rows[0]["response_body"]) == ("500", "oops")
    assert stored(hook_id).failures == 0


def test_after_quick_tries_come_longer_pauses_and_then_the_end(tree: Tree, server: CustomerServer) -> None:
    hooked(tree, tree.bakery, server, "/nothing", retries=1, retry_hours=1)
    told(edited(tree.bakery))
    pauses = []
    for _ in range(6):
        make_due()
        pump.run()
        waiting = Delivery.everywhere.get()
        pauses.append((waiting.due - now()).total_seconds())
        if waiting.state == State.FAILED:
            break
        Delivery.everywhere.update(began=waiting.began - timedelta(seconds=pauses[-1]))
    assert waiting.state == State.FAILED
    assert len(pauses) == 5
    assert all(low < pause < 2 * low + 1 for pause, low in zip(pauses, [1.9, 59, 299, 1799, 7199], strict=True))
    hooked(tree, tree.bakery, server, "/kazoo", retries=0, retry_hours=0)
    Delivery.everywhere.all().delete()
    told(edited(tree.bakery))
    pump.run()
    assert Delivery.everywhere.get(hook_id=Webhook.everywhere.get(uri__endswith="/kazoo").id).state == State.FAILED


def test_a_receiver_that_fails_at_random_misses_nothing(tree: Tree, server: CustomerServer) -> None:
    """30 % of the requests fail, some of them after they have been taken in."""
    dice, taken = random.Random(4), set()

    def page(asked: Asked) -> Answer:
        taken.add(json.loads(asked.body)["id"])
        return Answer(status=503) if dice.random() < 0.3 else OK

    server.pages["/hook"] = page
    hook_id, _secret = hooked(tree, tree.bakery, server)
    events = told(*(edited(tree.bakery, number) for number in range(100)))
    for _ in range(60):
        make_due()
        pump.run()
        if not Delivery.everywhere.exclude(state=State.DELIVERED).exists():
            break
    assert taken == {f"d{number}" for number in range(100)}
    ids = {one.headers["webhook-id"] for one in server.asked}
    assert ids == {f"{event.id}_{hook_id}" for event in events}
    assert Attempt.everywhere.count() == len(server.asked) > 100
    assert stored(hook_id).enabled


def test_a_slow_receiver_holds_up_nobody(tree: Tree, server: CustomerServer) -> None:
    """The slow one answers nothing before the quick one has been told everything."""
    all_told, in_time = threading.Event(), []

    def slow(asked: Asked) -> Answer:
        in_time.append(all_told.wait(8))
        return OK

    def quick(asked: Asked) -> Answer:
        if len(server.requests("/quick")) == 20:
            all_told.set()
        return OK

    server.pages |= {"/slow": slow, "/quick": quick}
    hooked(tree, tree.bakery, server, "/slow")
    told(*(edited(tree.bakery, number) for number in range(12)))
    hooked(tree, tree.bakery, server, "/quick", hook="channel_create")
    told(*(call(tree.bakery) for _ in range(20)))
    assert pump.run() == 32
    assert in_time == [True] * 12


def test_private_addresses_are_refused(tree: Tree, server: CustomerServer, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = ()
    for uri in ("http://127.0.0.1/", "http://[::1]/x", "https://10.0.0.1:8443/", "http://localhost/"):
        with account_scope(tree.bakery), pytest.raises(ValidationFailed) as refused:
            actions.create_webhook({"name": "x", "uri": uri, "hook": "all"}, tree.principal)
        assert refused.value.violations.keys() == {"uri"}
    settings.OUTBOUND_ALLOWED = (f"{ADDRESS}/32",)
    hooked(tree, tree.bakery, server)
    settings.OUTBOUND_ALLOWED = ()
    told(edited(tree.bakery))
    pump.run()
    assert server.asked == []
    assert "no public address" in Attempt.everywhere.get().to_document()["client_error"]


def test_an_event_there_is_not_is_refused(tree: Tree) -> None:
    with account_scope(tree.bakery), pytest.raises(ValidationFailed) as refused:
        actions.create_webhook({"name": "x", "uri": "https://example.com/", "hook": "sun_rise"}, tree.principal)
    assert "enum" in refused.value.violations["hook"]


def failed_for(hook_id: str, minutes: int) -> None:
    Webhook.everywhere.filter(id=hook_id).update(failures=9, failing_since=now() - timedelta(minutes=minutes))


def test_a_run_of_failures_pauses_it_and_mails_the_administrators(tree: Tree, server: CustomerServer) -> None:
    hook_id, _secret = hooked(tree, tree.bakery, server, "/gone-wrong")
    with account_scope(tree.bakery):
        person("alice", tree.principal, email="alice@bakery.test", priv_level="admin")
        person("bob", tree.principal, email="bob@bakery.test")
    told(edited(tree.bakery))
    failed_for(hook_id, 10)
    pump.run()
    assert stored(hook_id).enabled, "a quarter of an hour is not long"
    make_due()
    failed_for(hook_id, 31)
    pump.run()
    paused = stored(hook_id)
    assert (paused.enabled, paused.paused is not None) == (False, True)
    assert "10 attempts in a row have failed; the last: the receiver answered 404" in paused.disable_reason
    assert OutboxEntry.objects.filter(name="webhooks.tell_paused", content__arguments__1=hook_id).count() == 1
    with account_scope(tree.bakery):
        assert mails.administrators() == [("alice@bakery.test", "")]
        mails.send_mail(hook_id, "alice@bakery.test", "")
        assert AuditEntry.objects.filter(action="webhook.paused", target_id=hook_id).exists()
    (sent,) = mail.outbox
    assert "CRM" in sent.subject
    assert "answered 404" in sent.body

    told(edited(tree.bakery, 1))
    make_due()
    assert pump.run() == 0, "nothing is sent while it is off"
    server.pages["/gone-wrong"] = OK
    with account_scope(tree.bakery):
        assert actions.enable_paused(tree.principal) == 1
        assert actions.enable_paused(tree.principal) == 0
    assert (stored(hook_id).enabled, stored(hook_id).disable_reason) == (True, "")
    assert pump.run() == 2, "what happened meanwhile"
    assert {json.loads(one.body)["id"] for one in server.asked[-2:]} == {"d0", "d1"}


def test_paused_ones_below_are_switched_on(tree: Tree, server: CustomerServer) -> None:
    mine, _secret = hooked(tree, tree.bakery, server)
    other, _secret = hooked(tree, tree.harbour, server)
    for hook_id in (mine, other):
        outcomes.pause(stored(hook_id), "because")
    assert actions.enable_paused_below([tree.bakery.id, tree.clinic.id], tree.principal) == 1
    assert (stored(mine).enabled, stored(other).enabled) == (True, False)


def test_who_is_gone_is_told_no_more(tree: Tree, server: CustomerServer) -> None:
    hook_id, _secret = hooked(tree, tree.bakery, server)
    server.pages["/hook"] = Answer(status=410)
    told(edited(tree.bakery))
    pump.run()
    assert "410" in stored(hook_id).disable_reason


def test_a_failing_webhook_rests(tree: Tree, server: CustomerServer) -> None:
    hook_id, _secret = hooked(tree, tree.bakery, server)
    server.pages["/hook"] = Answer(status=429, headers={"Retry-After": "120"})
    told(edited(tree.bakery))
    pump.run()
    resting = stored(hook_id).resting_until
    assert resting is not None
    assert timedelta(seconds=110) < resting - now()
    told(edited(tree.bakery, 1))
    assert pump.run() == 0


def test_one_that_fails_is_tried_with_one_request_at_a_time(tree: Tree, server: CustomerServer) -> None:
    hook_id, _secret = hooked(tree, tree.bakery, server)
    told(*(edited(tree.bakery, number) for number in range(6)))
    assert len(pump.claim(10)) == pump.AT_ONCE
    Delivery.everywhere.update(state=State.WAITING, due=now())
    Webhook.everywhere.filter(id=hook_id).update(failures=3)
    assert len(pump.claim(10)) == 1
    Delivery.everywhere.update(state=State.WAITING, due=now())
    assert pump.run() == 6
    assert stored(hook_id).failures == 0


def test_replay(tree: Tree, server: CustomerServer) -> None:
    hook_id, _secret = hooked(tree, tree.bakery, server, retries=0, retry_hours=0)
    server.pages["/hook"] = Answer(status=500)
    told(edited(tree.bakery, 1), edited(tree.bakery, 2))
    pump.run()
    assert Delivery.everywhere.filter(state=State.FAILED).count() == 2
    server.pages["/hook"] = OK
    with account_scope(tree.bakery):
        hook = Webhook.objects.get(id=hook_id)
        assert actions.replay_failed(hook, now() + timedelta(seconds=1), tree.principal) == 0
        assert actions.replay_failed(hook, now() - timedelta(hours=1), tree.principal) == 2
    assert pump.run() == 2
    assert len({one.headers["webhook-id"] for one in server.asked}) == 2
    with account_scope(tree.bakery):
        assert actions.replay_failed(hook, None, tree.principal) == 0, "nothing has failed any more"
        assert actions.replay_attempt(Attempt.objects.filter(succeeded=True)[0], tree.principal) == 1
    assert pump.run() == 1
    assert len(server.asked) == 5


def test_two_secrets_are_good_for_a_day(tree: Tree, server: CustomerServer) -> None:
    hook_id, old = hooked(tree, tree.bakery, server)
    with account_scope(tree.bakery):
        new = actions.rotate_secret(Webhook.objects.get(id=hook_id), tree.principal)
    told(edited(tree.bakery))
    pump.run()
    (asked,) = server.asked
    for secret in (old, new):
        Verifier(secret).verify(asked.body, dict(asked.headers))
    Webhook.everywhere.update(old_secret_expires=now())
    told(edited(tree.bakery))
    pump.run()
    last = server.asked[-1]
    Verifier(new).verify(last.body, dict(last.headers))
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify(last.body, dict(last.headers))
    assert old not in json.dumps(list(Webhook.everywhere.values("document", "secret_encrypted")))


def test_what_was_being_sent_when_a_process_was_killed_is_sent_again(tree: Tree, server: CustomerServer) -> None:
    hooked(tree, tree.bakery, server)
    told(edited(tree.bakery))
    assert len(pump.claim(10)) == 1
    assert pump.run() == 0, "somebody is at it"
    Delivery.everywhere.update(due=now())
    assert pump.run() == 1
    assert len(server.asked) == 1


def test_a_step_of_a_callflow(tree: Tree, server: CustomerServer) -> None:
    with account_scope(tree.bakery):
        actions.send_once({"uri": f"{server.url}/hook", "http_verb": "post", "retries": 0}, {"call_id": "c1"})
    assert pump.run() == 1
    (asked,) = server.asked
    assert asked.form == {"call_id": "c1"}
    assert "webhook-signature" not in asked.headers
    assert Attempt.everywhere.get().to_document()["hook_id"] == "callflow"


def test_old_rows_are_forgotten(tree: Tree, server: CustomerServer) -> None:
    hooked(tree, tree.bakery, server)
    told(edited(tree.bakery, 1), edited(tree.bakery, 2))
    pump.run()
    assert actions.forget() == 0
    Delivery.everywhere.filter(payload__id="d1").update(created=now() - timedelta(days=15))
    Attempt.everywhere.update(created=now() - timedelta(days=15))
    assert actions.forget() == 3
    told(edited(tree.bakery, 3))
    Delivery.everywhere.filter(state=State.WAITING).update(began=now() - timedelta(days=4))
    actions.forget()
    assert Delivery.everywhere.get(payload__id="d3").state == State.FAILED
