from django.urls import path

from apps.foundation.storage import views

urlpatterns = [path("files/<str:token>", views.linked_file, name="linked_file")]
