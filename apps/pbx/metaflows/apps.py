from django.apps import AppConfig


class MetaflowsConfig(AppConfig):
    name = "apps.pbx.metaflows"
    label = "metaflows"

    def ready(self) -> None:
        from apps.foundation.crossbar.schemas import register_schemas
        from apps.pbx.metaflows.orders import order
        from apps.pbx.metaflows.registry import actions, shapes
        from apps.switching.calls.channel_orders import register_order

        register_schemas(shapes)
        for name, action in actions().items():
            register_order(name, order(action))
