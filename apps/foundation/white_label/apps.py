from django.apps import AppConfig


class WhiteLabelConfig(AppConfig):
    name = "apps.foundation.white_label"
    label = "white_label"
    schema = "shared"

    def ready(self) -> None:
        from apps.foundation.accounts import lifecycle
        from apps.foundation.white_label.actions import follow_account, release_domain

        lifecycle.moved.register(follow_account)
        lifecycle.removed.register(release_domain)
