"""The API's resources of this app."""

from apps.foundation.identity.api import attempts, logins, people, restrictions

__all__ = ["attempts", "logins", "people", "restrictions"]
