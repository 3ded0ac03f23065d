from django.urls import path

from usage.api import SpendView
from usage.receivers import usage_events

urlpatterns = [
    path("usage/events", usage_events, name="api_usage_events"),
    path("spend", SpendView.as_view(), name="api_spend"),
]
