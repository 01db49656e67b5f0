from django.urls import path

from . import case_views, inbox_views, picker_views

urlpatterns = [
    path("questions/<uuid:id>/assign/", inbox_views.assign, name="assign"),
    path("questions/<uuid:id>/due/", inbox_views.due, name="question_due"),
    path("inbox/", inbox_views.inbox, name="inbox"),
    path("inbox/count/", inbox_views.inbox_count, name="inbox_count"),
    path("settings/requests/", inbox_views.request_settings, name="request_settings"),
    path("cases/<uuid:id>/assign/", picker_views.case_assign, name="case_assign"),
    path("cases/<uuid:id>/status/", picker_views.case_status, name="case_status"),
    path("cases/<uuid:id>/take-over/", case_views.case_take_over, name="case_take_over"),
    path("cases/<uuid:id>/release/", case_views.case_release, name="case_release"),
    path("cases/<uuid:id>/hand-back/", case_views.case_hand_back, name="case_hand_back"),
    path("cases/<uuid:id>/reassign/", case_views.case_reassign, name="case_reassign"),
    path("cases/<uuid:id>/reopen/", case_views.case_reopen, name="case_reopen"),
    path("cases/<uuid:id>/retry/", case_views.case_retry, name="case_retry"),
    path("cases/<uuid:id>/complete/", case_views.case_complete, name="case_complete"),
    path("cases/<uuid:id>/fail/", case_views.case_fail, name="case_fail"),
    path("cases/<uuid:id>/postpone/", case_views.case_postpone, name="case_postpone"),
    path("cases/<uuid:id>/delete/", case_views.case_delete, name="case_delete"),
    path("cases/<uuid:id>/undo/<int:seq>/", case_views.case_undo, name="case_undo"),
]
