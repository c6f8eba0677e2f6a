"""Where the pages' websocket is."""

from django.urls import path

from apps.interfaces.portal.consumers import PortalConsumer

websocket_urlpatterns = [path("ws/portal", PortalConsumer.as_asgi())]
