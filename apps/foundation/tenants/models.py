"""A tenant is a database schema, and it belongs to a reseller (or to the master account).

All PBX data of a reseller and of the customers below it live in that reseller's schema. A domain is a host name of the
reseller's white label.
"""

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

#: The schema every tenant's schema is cloned from. It holds tables and no account.
TEMPLATE_SCHEMA = "template"
PUBLIC_SCHEMA = "public"


class Tenant(TenantMixin):  # type: ignore[misc]
    """`schema_name` is the schema; `account_id` the reseller it belongs to."""

    auto_create_schema = False
    auto_drop_schema = False

    account_id = models.CharField(max_length=32, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.schema_name)


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name under which a reseller's portal is reached."""

    def __str__(self) -> str:
        return str(self.domain)
