"""The end user's own pages."""

from django.urls import URLPattern, URLResolver, include, path

from apps.interfaces.selfservice import views

_pages: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("phones", views.devices, name="devices"),
    path("calls", views.calls, name="calls"),
    path("forwarding", views.forwarding, name="forwarding"),
    path("profile", views.profile, name="profile"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("my/", include((_pages, "selfservice")))]
