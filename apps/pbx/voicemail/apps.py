from django.apps import AppConfig


class VoicemailConfig(AppConfig):
    name = "apps.pbx.voicemail"
    label = "voicemail"
    schema = "tenant"

    def ready(self) -> None:
        from apps.foundation.storage.arrivals import when_stored
        from apps.foundation.storage.expiry import when_old
        from apps.foundation.storage.models import FileKind
        from apps.foundation.storage.personal import PersonalData, register_personal
        from apps.pbx.callflows.references import register_names
        from apps.pbx.voicemail import leaving  # noqa: F401 - registers what is done when a call is over
        from apps.pbx.voicemail.message_actions import erase_messages_of, messages_of, remove_message_of
        from apps.pbx.voicemail.notifying import message_arrived

        register_names("voicemail", "voicemail.Box")
        when_stored(FileKind.VOICEMAIL, message_arrived)
        when_old(FileKind.VOICEMAIL, remove_message_of)
        register_personal("messages", PersonalData(messages_of, erase_messages_of))
