from django.urls import path

from . import views

urlpatterns = [
    path("views/new/", views.saved_view_new, name="saved_view_new"),
    path("views/<uuid:id>/", views.saved_view_edit, name="saved_view_edit"),
    path("views/<uuid:id>/delete/", views.saved_view_delete, name="saved_view_delete"),
]
