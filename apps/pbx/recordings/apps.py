from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    name = "apps.pbx.recordings"
    label = "recordings"
    schema = "tenant"

    def ready(self) -> None:
        from apps.foundation.storage.arrivals import when_stored
        from apps.foundation.storage.models import FileKind
        from apps.pbx.recordings.actions import take_in

        when_stored(FileKind.RECORDING, take_in)
