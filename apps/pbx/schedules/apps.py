from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    name = "apps.pbx.schedules"
    label = "schedules"
    schema = "tenant"

    def ready(self) -> None:
        from apps.pbx.callflows.references import register_names

        register_names("temporal_rule", "schedules.TemporalRule")
        register_names("temporal_rules_set", "schedules.TemporalRuleSet")
