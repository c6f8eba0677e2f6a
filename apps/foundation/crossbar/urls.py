from django.urls import path, re_path

from apps.foundation.crossbar import views
from apps.foundation.crossbar.router import urlpatterns as resource_patterns

urlpatterns = [
    path("v2/openapi.json", views.openapi, name="openapi"),
    path("docs/api", views.browse, name="api_docs"),
    re_path(r"^v1/(?P<rest>.*)$", views.version_one),
    *resource_patterns(),
]
