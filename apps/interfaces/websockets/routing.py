"""Where the API's websocket is: `/websocket`, as KAZOO's clients are configured (their `socket` address)."""

from django.urls import re_path

from apps.interfaces.websockets.consumers import EventsConsumer

websocket_urlpatterns = [re_path(r"^websocket/?$", EventsConsumer.as_asgi())]
