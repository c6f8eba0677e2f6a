from django.apps import AppConfig


class RingGroupsConfig(AppConfig):
    name = "apps.pbx.ring_groups"
    label = "ring_groups"
    schema = "tenant"
