"""Reading the account tree. Deleted accounts are never among the answers."""

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, Func, IntegerField, OuterRef, Subquery

from apps.foundation.accounts.models import Account, AccountQuerySet


def children(account: Account) -> AccountQuerySet:
    """The accounts directly below."""
    return Account.objects.present().filter(parent_id=account.id)


def descendants(account: Account) -> AccountQuerySet:
    """The accounts below, at any depth."""
    return Account.objects.present().below(account.id)


def siblings(account: Account) -> AccountQuerySet:
    """The accounts with the same parent, this one not among them; none for the master account."""
    if account.parent_id is None:
        return Account.objects.none()
    return Account.objects.present().filter(parent_id=account.parent_id).exclude(id=account.id)


def parents(account: Account) -> list[Account]:
    """The accounts above, the master account first."""
    found = Account.objects.in_bulk(account.ancestors)
    return [found[ancestor] for ancestor in account.ancestors if ancestor in found]


def tree(account: Account, viewer: Account) -> list[Account]:
    """The accounts above that `viewer` may see: from the viewer's own down to the parent."""
    return [above for above in parents(account) if above.is_within(viewer.id)]


def is_suspended(account: Account) -> bool:
    """Whether nobody signs in, registers or calls for the account: it is disabled, or an account above it is.

    Costs a query, unless the account was read `with_disabled_above`.
    """
    if not account.enabled:
        return True
    known: bool | None = getattr(account, "disabled_above", None)
    return Account.objects.filter(id__in=account.ancestors, enabled=False).exists() if known is None else known


def master_account() -> Account | None:
    """The root of the tree, or None in an empty installation."""
    return Account.objects.select_related("tenant").filter(parent=None).first()


def with_descendants_count(accounts: AccountQuerySet) -> AccountQuerySet:
    """Annotated with `descendants_count`, the present accounts below each."""
    this = Func(OuterRef("id"), template="ARRAY[%(expressions)s]", output_field=ArrayField(CharField(max_length=32)))
    below = Account.objects.present().order_by().filter(ancestors__contains=this)
    count = below.annotate(count=Func("id", function="COUNT", output_field=IntegerField())).values("count")
    return accounts.annotate(descendants_count=Subquery(count))
