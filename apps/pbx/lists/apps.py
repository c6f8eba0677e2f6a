from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "apps.pbx.lists"
    label = "lists"
    schema = "tenant"

    def ready(self) -> None:
        from apps.foundation.accounts import lifecycle
        from apps.pbx.callflows.references import register_names
        from apps.pbx.lists.actions import block_for, unblock_all
        from apps.pbx.lists.queries import lists_among

        lifecycle.changed.register(block_for)
        lifecycle.resumed.register(block_for)
        lifecycle.removed.register(unblock_all)
        register_names("list", lists_among)
