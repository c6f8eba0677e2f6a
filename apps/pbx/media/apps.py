from django.apps import AppConfig


class MediaConfig(AppConfig):
    name = "apps.pbx.media"
    label = "media"
    schema = "tenant"
