from django.apps import AppConfig


class MenusConfig(AppConfig):
    name = "apps.pbx.menus"
    label = "menus"
    schema = "tenant"

    def ready(self) -> None:
        from apps.pbx.callflows.references import register_names

        register_names("menu", "menus.Menu")
