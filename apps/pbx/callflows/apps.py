from django.apps import AppConfig


class CallflowsConfig(AppConfig):
    name = "apps.pbx.callflows"
    label = "callflows"
    schema = "tenant"

    def ready(self) -> None:
        from apps.foundation.crossbar.schemas import register_schemas
        from apps.pbx.callflows.references import register_names
        from apps.pbx.callflows.registry import shapes

        register_schemas(shapes)
        for kind, model in (
            ("callflow", "callflows.Callflow"),
            ("device", "devices.Device"),
            ("group", "groups.Group"),
            ("user", "users.User"),
        ):
            register_names(kind, model)
