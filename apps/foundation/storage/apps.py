from django.apps import AppConfig


class StorageConfig(AppConfig):
    name = "apps.foundation.storage"
    label = "storage"
    schema = "tenant"

    def ready(self) -> None:
        from apps.foundation.accounts.lifecycle import removed
        from apps.foundation.storage.actions import remove_account_files

        removed.register(remove_account_files)
