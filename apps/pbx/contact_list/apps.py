from django.apps import AppConfig


class ContactListConfig(AppConfig):
    name = "apps.pbx.contact_list"
    label = "contact_list"
