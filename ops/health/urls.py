from django.urls import path

from . import readiness

urlpatterns = [
    path("healthz", readiness.healthz, name="healthz"),
    path("readyz", readiness.readyz, name="readyz"),
]
