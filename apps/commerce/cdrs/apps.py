from django.apps import AppConfig


class CdrsConfig(AppConfig):
    name = "apps.commerce.cdrs"
    label = "cdrs"
    schema = "tenant"

    def ready(self) -> None:
        from apps.commerce.cdrs.documents import records_of
        from apps.foundation.storage.personal import PersonalData, register_personal

        register_personal("call_records", PersonalData(records_of))
