"""The project itself as a Django application, for its management commands."""

from django.apps import AppConfig


class KazooConfig(AppConfig):
    name = "kazoo"
    label = "kazoo"
