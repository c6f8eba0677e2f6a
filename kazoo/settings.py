"""Django's settings. What differs between installations comes from `kazoo.environment` alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from kazoo import __version__, discovery
from kazoo.environment import environment

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = environment.secret_key
ENCRYPTION_KEYS = [environment.encryption_key]
NODE_SECRET = environment.node_secret
DEBUG = environment.debug
ALLOWED_HOSTS = list(environment.allowed_hosts)
PUBLIC_URL = environment.public_url
# Networks that are no public ones, and may be reached over HTTP by what customers name all the same.
OUTBOUND_ALLOWED = environment.outbound_allowed
_PUBLIC_HOST = urlsplit(PUBLIC_URL).hostname or ""
#: Generated SIP realms end in it. Names below `localhost` lead to this machine (RFC 6761).
REALM_SUFFIX = _PUBLIC_HOST if _PUBLIC_HOST.rpartition(".")[2].isalpha() else "localhost"
_HTTPS = PUBLIC_URL.startswith("https://")

# Apps and tenancy. Every app under apps/ is found by its apps.py, which says where its tables live.
SHARED_APPS = [
    "kazoo",  # first: its `migrate` brings every schema up to date
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    *discovery.app_names("shared"),
]
TENANT_APPS = ["django.contrib.contenttypes", "django.contrib.auth", *discovery.app_names("tenant")]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_BASE_SCHEMA = "template"
TENANT_LIMIT_SET_CALLS = True  # one SET search_path per change of scope, not per query
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
AUTH_USER_MODEL = "users.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django_tenants.postgresql_backend",
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "NAME": unquote(parts.path.strip("/")),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        "OPTIONS": {
            **dict(parse_qsl(parts.query)),
            # The wrapper sets the search path anew for every connection it takes from this pool; a pooler between
            # transactions could not (see apps.foundation.tenants.guards).
            "pool": {"min_size": 0, "max_size": 16, "timeout": 10},
        },
    }


DATABASES = {"default": _database(environment.effective_database_url)}

# Valkey: cache, channel layer, events. Celery's broker may be another.
REDIS_URL = environment.effective_redis_url
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
}
CELERY_BROKER_URL = environment.effective_broker_url
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Who hands a task over does not wait for a broker that is away: what must not be lost is in the outbox.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 1,
    "interval_start": 0.1,
    "interval_step": 0.1,
    "interval_max": 0.2,
    "socket_connect_timeout": 2,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "kazoo"
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# The web.
ROOT_URLCONF = "kazoo.urls"
ASGI_APPLICATION = "kazoo.asgi.application"
APPEND_SLASH = False
MIDDLEWARE = [
    "kazoo.middleware.security_headers",
    "apps.foundation.white_label.hosts.accept_white_label_hosts",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.foundation.identity.web.PrincipalMiddleware",  # session, then its account's schema, then the person
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "kazoo_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_NAME = "kazoo_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _HTTPS
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL.rstrip("/")]
LANGUAGE_COOKIE_NAME = "kazoo_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = _HTTPS
LOGIN_URL = "portal:login"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
X_FRAME_OPTIONS = "DENY"
#: No page has an inline script or style, and nothing is loaded from elsewhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

STATIC_URL = "/static/"
STATIC_ROOT = environment.home / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # a copy run in place needs no collectstatic
MEDIA_ROOT = environment.home / "media"
#: Where the storage handler `local` keeps files, below the id of the account it belongs to.
STORAGE_DIRECTORY = environment.home / "storage"
MEDIA_URL = "/media/"
#: `default` holds the brands' images; `files` what accounts keep: uploads, recordings, messages.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "files": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": environment.home / "files",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# Signing in. Passwords are hashed from crossbar's digests; see apps.foundation.identity.
AUTH_TOKEN_LIFETIME = 3600  # seconds; there is no refresh, clients sign in again
SILENCED_SYSTEM_CHECKS = ["auth.E003", "auth.W004"]  # user names are unique within an account, not in a schema

# Languages and time.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# The API.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}
#: Rate buckets: tokens one holds, and tokens a second it gets back.
API_BUCKET_SIZE = environment.api_tokens
API_BUCKET_REFILL = environment.api_tokens / 10
SPECTACULAR_SETTINGS = {
    "TITLE": "Kazoo for Django",
    "DESCRIPTION": "A multi-tenant hosted PBX with a crossbar-style API.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/v2",
    "POSTPROCESSING_HOOKS": [],
}

# Mail.
_mail = environment.mail_server
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _mail else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(environment.mail_directory)
EMAIL_TIMEOUT = 20
if _mail:
    EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.username, _mail.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.starttls, _mail.tls
DEFAULT_FROM_EMAIL = f"Kazoo <no-reply@{_PUBLIC_HOST}>"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
    },
}
