from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "apps.switching.rooms"
    label = "rooms"
    schema = "shared"
