from django.urls import path

from usage.receivers import usage_events

urlpatterns = [path("usage/events", usage_events, name="api_usage_events")]
