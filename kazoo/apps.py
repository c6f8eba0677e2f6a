"""The project itself as a Django application, for its management commands."""

from django.apps import AppConfig


class KazooConfig(AppConfig):
    name = "kazoo"
    label = "kazoo"

    def ready(self) -> None:
        # Whoever queues a task, the web process and the tests too, needs to know the broker.
        import kazoo.celery  # noqa: F401
