from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    name = "apps.pbx.recordings"
    label = "recordings"
    schema = "tenant"

    def ready(self) -> None:
        from apps.foundation.storage.arrivals import when_stored
        from apps.foundation.storage.expiry import when_old
        from apps.foundation.storage.knowing import tell_of
        from apps.foundation.storage.models import FileKind
        from apps.foundation.storage.personal import PersonalData, register_personal
        from apps.pbx.recordings.actions import erase_recordings_of, remove_recording_of, take_in
        from apps.pbx.recordings.documents import recordings_of, words_of

        when_stored(FileKind.RECORDING, take_in)
        when_old(FileKind.RECORDING, remove_recording_of)
        tell_of(FileKind.RECORDING, words_of)
        register_personal("recordings", PersonalData(recordings_of, erase_recordings_of))
