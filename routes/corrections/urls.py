from django.urls import path

from . import views

urlpatterns = [
    path("runs/<uuid:id>/correct/", views.run_correct, name="run_correct"),
    path("corrections/", views.correction_list, name="corrections"),
    path("corrections/<uuid:id>/undo/", views.correction_undo, name="correction_undo"),
]
