from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "apps.foundation.events"
    label = "events"
    schema = "shared"
