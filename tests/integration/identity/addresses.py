"""The API's addresses alone."""

from apps.foundation.crossbar.router import urlpatterns as of_crossbar

urlpatterns = of_crossbar()
