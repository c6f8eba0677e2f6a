"""The account tree: the operator's master account, resellers, their customers, and customers' branches.

The tree lives in the shared schema. An account's tenant is that of its nearest ancestor-or-self that is a reseller, or
the master account's.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower

from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.tenants.models import Tenant

#: A name as people type it to sign in: lower case, letters and digits only.
NAME_KEY = models.Func(
    Lower("name"),
    models.Value(r"[\W_]"),
    models.Value(""),
    models.Value("g"),
    function="regexp_replace",
    output_field=models.CharField(),
)


class AccountQuerySet(models.QuerySet["Account"]):
    def with_disabled_above(self) -> "AccountQuerySet":
        """Annotated with `disabled_above`: whether an account above is disabled, and this one with it."""
        is_above = models.Func(
            models.F("id"),
            models.OuterRef("ancestors"),
            template="%(expressions)s)",
            arg_joiner=" = ANY(",
            output_field=models.BooleanField(),
        )
        return self.annotate(disabled_above=models.Exists(Account.objects.filter(is_above, enabled=False)))

    def present(self) -> "AccountQuerySet":
        """Accounts that are not deleted."""
        return self.filter(deleted=None)

    def below(self, account_id: str) -> "AccountQuerySet":
        """Every account under this one, at any depth."""
        return self.filter(ancestors__contains=[account_id])

    def subtree(self, account_id: str) -> "AccountQuerySet":
        return self.filter(models.Q(id=account_id) | models.Q(ancestors__contains=[account_id]))


class Account(models.Model):
    """`ancestors` are account ids from the master account down to the parent; `document` holds the public fields that
    have no column of their own, known option groups and a client's unknown fields alike."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    name = models.CharField(max_length=128)
    realm = models.CharField(max_length=253, unique=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    ancestors: "ArrayField[list[str], list[str]]" = ArrayField(models.CharField(max_length=32), default=list)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="accounts")
    is_reseller = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    language = models.CharField(max_length=16, default="en-us")
    timezone = models.CharField(max_length=64, default="UTC")
    #: Changing it voids every token of the account.
    token_salt = models.CharField(max_length=32, default=new_id)
    document: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=now)
    modified = models.DateTimeField(default=now)
    deleted = models.DateTimeField(null=True, blank=True)

    #: Document fields with a column of their own.
    document_columns = ("name", "realm", "language", "timezone", "enabled")

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = [models.CheckConstraint(condition=~models.Q(realm=""), name="accounts_realm_present")]
        indexes = [
            GinIndex(fields=["ancestors"], name="accounts_ancestors"),
            models.Index(NAME_KEY, name="accounts_name_key"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_master(self) -> bool:
        return self.parent_id is None

    @property
    def reseller_id(self) -> str:
        """The account whose schema this one lives in."""
        return self.tenant.account_id

    @property
    def reseller_above_id(self) -> str:
        """The reseller that serves this account: of a reseller the one above it, of the master account itself."""
        if self.parent is None or not self.is_reseller:
            return self.reseller_id
        return self.parent.reseller_id

    def is_within(self, account_id: str) -> bool:
        """Whether `account_id` is this account or one of its ancestors."""
        return self.id == account_id or account_id in self.ancestors
