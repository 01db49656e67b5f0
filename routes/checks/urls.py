from django.urls import path

from . import views

urlpatterns = [
    path("checks/<uuid:id>/", views.check, name="check"),
    path("checks/<uuid:id>/stop/", views.check_stop, name="check_stop"),
    path("checks/<uuid:id>/override/", views.check_override, name="check_override"),
    path("checks/<uuid:id>/accept/", views.check_accept, name="check_accept"),
]
