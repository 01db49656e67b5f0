from django.urls import path

from . import member_views, notification_settings

urlpatterns = [
    path("settings/notifications/", notification_settings.notification_settings, name="notification_settings"),
    path("settings/members/", member_views.members, name="members"),
    path("settings/members/invite/", member_views.member_invite, name="member_invite"),
    path("settings/members/<int:id>/role/", member_views.member_role, name="member_role"),
    path("settings/members/<int:id>/remove/", member_views.member_remove, name="member_remove"),
    path("settings/members/leave/", member_views.team_leave, name="team_leave"),
    path("settings/invitations/<uuid:id>/withdraw/", member_views.invitation_withdraw, name="invitation_withdraw"),
    path("invitation/", member_views.invitation, name="invitation"),
    path("team/", member_views.team_switch, name="team_switch"),
]
