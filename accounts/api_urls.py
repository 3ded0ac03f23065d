from django.urls import path

from accounts import api

urlpatterns = [path("team/members", api.MemberList.as_view(), name="api_team_members")]
