from django.urls import path

from billing import api

urlpatterns = [path("team", api.TeamDetail.as_view(), name="api_team")]
