"""Webhooks in the API, and the whole way from a change to a customer's server."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
import redis
from celery import current_app
from django.conf import settings as django_settings
from standardwebhooks.webhooks import Webhook as Verifier

from apps.foundation.events.models import Handled, OutboxEntry
from apps.foundation.kit.clock import now, to_gregorian
from apps.pbx.webhooks import outcomes, pump
from apps.pbx.webhooks.models import Webhook
from tests.api_client import ApiClient
from tests.company import Company, dissolve, found_company
from tests.web_server import ADDRESS, Answer, CustomerServer, customer_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("apps.foundation.crossbar.urls")]


@pytest.fixture
def company(transactional_db: None) -> Iterator[Company]:
    """A company of the test's own: what it changes is committed."""
    made = found_company()
    yield made
    dissolve(made)
    OutboxEntry.objects.all().delete()
    Handled.objects.all().delete()


@pytest.fixture
def server(settings: Any) -> Iterator[CustomerServer]:
    settings.OUTBOUND_ALLOWED = (f"{ADDRESS}/32",)
    with customer_server() as found:
        yield found


@pytest.fixture
def queue() -> Iterator[redis.Redis]:
    found = redis.Redis.from_url(django_settings.CELERY_BROKER_URL)
    found.delete(django_settings.CELERY_TASK_DEFAULT_QUEUE, "kazoo:webhooks:nudge")
    yield found
    found.delete(django_settings.CELERY_TASK_DEFAULT_QUEUE)


def work(queue: redis.Redis) -> list[str]:
    """Run whatever waits in the queue, as a worker would; the tasks' names."""
    current_app.loader.import_default_modules()
    done = []
    while (message := queue.rpop(django_settings.CELERY_TASK_DEFAULT_QUEUE)) is not None:
        task = json.loads(cast("bytes", message))
        name = task["headers"]["task"]
        arguments, named, _more = json.loads(base64.b64decode(task["body"]))
        current_app.tasks[name].apply(args=arguments, kwargs=named, throw=True)
        done.append(name)
    return done


def test_the_whole_way(company: Company, server: CustomerServer, queue: redis.Redis) -> None:
    alice = ApiClient(company.people["alice"].token, company.tree.bakery)
    server.pages["/hook"] = Answer(status=500, body="not now")
    document = {"name": "CRM", "uri": f"{server.url}/hook", "hook": "object", "type": "list", "format": "json"}
    made = alice.put("webhooks", {**document, "retries": "0", "retry_hours": 0})
    assert made.status == 201, made.content
    hook, secret = f"webhooks/{made.data['id']}", made.data["secret"]
    work(queue)
    assert server.asked == [], "of itself nobody is told"

    began = to_gregorian(now())
    created = alice.put("lists", {"name": "Friends"})
    assert work(queue) == ["events.react", "webhooks.deliver"]
    (asked,) = server.asked
    told = Verifier(secret).verify(asked.body, dict(asked.headers))
    assert (told["action"], told["id"]) == ("doc_created", created.data["id"])

    (row,) = alice.get(f"{hook}/attempts").data
    assert alice.get("webhooks/attempts").data == [row]
    assert (row["result"], row["response_code"], row["webhook_id"]) == ("failure", "500", asked.headers["webhook-id"])
    whole = alice.get(f"{hook}/attempts/{row['id']}").data
    assert (whole["payload"], whole["state"], whole["response_body"]) == (told, "failed", "not now")

    server.pages["/hook"] = Answer("thanks")
    assert alice.post(f"{hook}/attempts", {"action": "replay", "since": began + 3600}).data == {"replayed": 0}
    assert alice.post(f"{hook}/attempts", {"action": "jump"}).status == 400
    reply = alice.post(f"{hook}/attempts", {"action": "replay", "since": began - 5})
    assert (reply.status, reply.data) == (202, {"replayed": 1})
    pump.run()
    assert alice.post(f"{hook}/attempts/{row['id']}", {"action": "replay"}).data == {"replayed": 1}
    pump.run()
    assert {one.headers["webhook-id"] for one in server.asked} == {row["webhook_id"]}
    assert [one["result"] for one in alice.get(f"{hook}/attempts").data] == ["success", "success", "failure"]

    new = alice.post(f"{hook}/secret").data["secret"]
    assert new.startswith("whsec_")
    assert new != secret


def test_paused_ones_are_switched_on(company: Company) -> None:
    tree = company.tree
    alice = ApiClient(company.people["alice"].token, tree.bakery)
    nora = ApiClient(company.people["nora"].token, tree.north)
    document = {"name": "CRM", "uri": "https://crm.example.com/", "hook": "all"}
    hooks = [alice.put("webhooks", document).data["id"] for _ in range(4)]

    def pause() -> None:
        for hook_id in hooks:
            outcomes.pause(Webhook.everywhere.get(id=hook_id), "because it failed")

    pause()
    rows = alice.get("webhooks").data
    assert {(row["enabled"], row["disable_reason"]) for row in rows} == {(False, "because it failed")}
    for number, key in enumerate(("enabled", "enable", "re-enable")):
        data = alice.patch(f"webhooks/{hooks[number]}", {key: True}).data
        assert (data["enabled"], "disable_reason" in data, key in data) == (True, False, key == "enabled")
    assert alice.patch("webhooks", {"re-enable": True}).data == {"enabled": 1}
    pause()
    assert nora.patch("descendants/webhooks", {"re-enable": True}).data == {"enabled": 4}
    assert Webhook.everywhere.filter(enabled=True, paused=None).count() == 4
    assert ApiClient(company.people["dave"].token, tree.north).patch("descendants/webhooks", {}).status == 403


def test_the_events_there_are(company: Company) -> None:
    anybody = ApiClient("", None)
    rows = {row["id"]: row for row in anybody.get("/v2/webhooks?paginate=false").data}
    assert {"channel_create", "channel_answer", "channel_bridge", "channel_destroy", "parking", "object"} <= rows.keys()
    assert "user" in rows["object"]["modifiers"]["type"]["items"]
    assert "webhooks_parking" in anybody.get("/v2/webhooks/samples").data
    samples = anybody.get("/v2/webhooks/samples/webhooks_parking").data
    assert {"PARK_PARKED"} <= {sample["event_name"] for sample in samples}
    assert anybody.get("/v2/webhooks/samples/webhook_channel_destroy").data[0]["hangup_cause"]
    assert anybody.get("/v2/webhooks/samples/nonsense").status == 404
