from django.apps import AppConfig


class FeatureCodesConfig(AppConfig):
    name = "apps.pbx.feature_codes"
    label = "feature_codes"
