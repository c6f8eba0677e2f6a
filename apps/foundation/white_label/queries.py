"""Finding the white label somebody is to see."""

from dataclasses import dataclass

from apps.foundation.accounts.models import Account
from apps.foundation.white_label.models import WhiteLabel


@dataclass(frozen=True, slots=True)
class Brand:
    """What a page shows. `logo` and `icon` are names in the default storage; `account_id` whose brand it is."""

    account_id: str
    name: str
    color: str
    logo: str
    icon: str


def white_label_of(account: Account) -> WhiteLabel | None:
    """The account's own, or that of the nearest account above that has one."""
    path = [*account.ancestors, account.id]
    found = WhiteLabel.objects.in_bulk(path)
    return next((found[account_id] for account_id in reversed(path) if account_id in found), None)


def white_label_for_host(host: str) -> WhiteLabel | None:
    """By the host name of a request, with or without its port. None for the operator's own names."""
    return WhiteLabel.objects.filter(domain=host.rpartition(":")[0].lower() or host.lower()).first()


def brand_of(white_label: WhiteLabel | None) -> Brand | None:
    """What to show of it; None where there is nothing to show."""
    if white_label is None:
        return None
    name = white_label.company_name
    return Brand(white_label.account_id, name, white_label.color, white_label.logo, white_label.icon)
