"""Tests that run side by side do not meet."""

from __future__ import annotations

import os

import pytest
from django.conf import settings

from kazoo.environment import environment


def test_a_worker_uses_the_services_it_claimed(worker_id: str) -> None:
    if worker_id == "master":
        pytest.skip("there are no workers in this run")
    claimed = os.environ["REDIS_URL"], os.environ["BROKER_URL"]
    assert claimed == (settings.REDIS_URL, settings.CELERY_BROKER_URL)
    assert claimed == (environment.effective_redis_url, environment.effective_broker_url)
