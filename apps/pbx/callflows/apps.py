from django.apps import AppConfig


class CallflowsConfig(AppConfig):
    name = "apps.pbx.callflows"
    label = "callflows"
    schema = "tenant"

    def ready(self) -> None:
        from apps.foundation.crossbar.schemas import register_schemas
        from apps.pbx.callflows.registry import shapes

        register_schemas(shapes)
