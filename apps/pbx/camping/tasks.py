"""Calling back whoever waits for somebody to be free."""

from __future__ import annotations

from celery import shared_task

from apps.pbx.camping.actions import call_back


@shared_task(name="camping.call_back")
def call_back_the_free() -> int:
    return call_back()
