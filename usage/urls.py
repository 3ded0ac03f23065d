from django.urls import path

from usage.views import agents, overview, spend

TEAM = "t/<slug:team>/"

urlpatterns = [
    path(TEAM, overview.overview, name="overview"),
    path(f"{TEAM}setup/<slug:step>/skip/", overview.setup_skip, name="setup_skip"),
    path(f"{TEAM}setup/show/", overview.setup_show, name="setup_show"),
    path(f"{TEAM}agents/", agents.agents, name="agents"),
    path(f"{TEAM}spend/", spend.spend, name="spend"),
    path(f"{TEAM}spend.csv", spend.spend_csv, name="spend_csv"),
]
