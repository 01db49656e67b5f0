from django.urls import path

from . import views

urlpatterns = [
    path("agents/<uuid:id>/schedules/", views.agent_schedules, name="agent_schedules"),
    path("agents/<uuid:id>/schedules/new/", views.schedule_new, name="schedule_new"),
    path("schedules/", views.team_schedules, name="schedules"),
    path("schedules/times/", views.schedule_times, name="schedule_times"),
    path("schedules/<uuid:id>/edit/", views.schedule_edit, name="schedule_edit"),
    path("schedules/<uuid:id>/pause/", views.schedule_pause, name="schedule_pause"),
    path("schedules/<uuid:id>/resume/", views.schedule_resume, name="schedule_resume"),
    path("schedules/<uuid:id>/delete/", views.schedule_delete, name="schedule_delete"),
]
