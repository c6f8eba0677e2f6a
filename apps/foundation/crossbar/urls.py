from django.urls import path, re_path

from apps.foundation.crossbar import views
from apps.foundation.crossbar.descriptions import description_patterns
from apps.foundation.crossbar.router import urlpatterns as resource_patterns

_resources = resource_patterns()  # imports the apps' `api` modules, which register what else there is
urlpatterns = [
    path("v2/openapi.json", views.openapi, name="openapi"),
    path("docs/api", views.browse, name="api_docs"),
    re_path(r"^v1/(?P<rest>.*)$", views.version_one),
    *description_patterns(),
    *_resources,
]
