"""Next month's partitions are made before the month begins, in every schema."""

import logging

from celery import shared_task
from django.apps import apps

from apps.foundation.accounts.scope import schema_scope
from apps.foundation.kit.partitions import ensure_coming_month, partitioned_models
from apps.foundation.tenants.schemas import installed_schemas

log = logging.getLogger(__name__)


@shared_task(name="tenants.make_partitions")
def make_partitions() -> int:
    """Make this month's and next month's partitions of every monthly table. Answers the number of schemas."""
    models = [model for model in partitioned_models() if _schema(model._meta.app_label) == "tenant"]
    schemas = installed_schemas()
    for schema in schemas:
        with schema_scope(schema):
            ensure_coming_month(models)
    log.info("partitions of this month and the next are there in %d schemas", len(schemas))
    return len(schemas)


def _schema(app_label: str) -> str:
    return str(getattr(apps.get_app_config(app_label), "schema", "shared"))
