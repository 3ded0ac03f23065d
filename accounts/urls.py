from django.urls import path

from accounts.views import audit, invitations, keys, members, people, teams

TEAM = "t/<slug:team>/"

urlpatterns = [
    path("home", people.home, name="home"),
    path("account/profile/", people.profile, name="profile"),
    path("teams/new/", teams.team_create, name="team_create"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("invitation/", invitations.invitation_offer, name="invitation_offer"),
    path("invitation/accept/", invitations.invitation_accept, name="invitation_accept"),
    path("invitation/later/", invitations.invitation_later, name="invitation_later"),
    path(f"{TEAM}team/", members.team_members, name="team_members"),
    path(f"{TEAM}team/invite/", members.member_invite, name="member_invite"),
    path(f"{TEAM}team/leave/", members.team_leave, name="team_leave"),
    path(f"{TEAM}team/<uuid:public_id>/role/", members.member_role, name="member_role"),
    path(f"{TEAM}team/<uuid:public_id>/remove/", members.member_remove, name="member_remove"),
    path(f"{TEAM}invitations/<uuid:public_id>/resend/", members.invitation_resend, name="invitation_resend"),
    path(f"{TEAM}invitations/<uuid:public_id>/revoke/", members.invitation_revoke, name="invitation_revoke"),
    path(f"{TEAM}keys/", keys.api_keys, name="api_keys"),
    path(f"{TEAM}keys/new/", keys.api_key_create, name="api_key_create"),
    path(f"{TEAM}keys/<uuid:public_id>/revoke/", keys.api_key_revoke, name="api_key_revoke"),
    path(f"{TEAM}audit/", audit.audit_log, name="audit_log"),
    path(f"{TEAM}settings/", teams.team_settings, name="team_settings"),
    path(f"{TEAM}settings/name/", teams.team_rename, name="team_rename"),
    path(f"{TEAM}settings/delete/", teams.team_close, name="team_close"),
]
