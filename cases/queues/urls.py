from django.urls import path

from . import label_views

urlpatterns = [
    path("cases/count/", label_views.case_count, name="case_count"),
    path("labels/", label_views.label_list, name="labels"),
]
