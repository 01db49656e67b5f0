from django.urls import path

from . import budget_views, pausing_views, views

urlpatterns = [
    path("settings/budgets/", budget_views.budgets, name="budgets"),
    path("settings/", views.settings_home, name="settings"),
    path("settings/general/", views.general, name="general"),
    path("paused/", pausing_views.paused, name="paused"),
]
