from django.urls import path

from accounts.schema import views

urlpatterns = [
    path("", views.api_docs, name="api_docs"),
    path("schema/", views.schema, name="api_schema"),
]
