from django.urls import path

from billing import views

urlpatterns = [
    path("", views.landing, name="landing"),
    path("t/<slug:team>/billing/", views.billing, name="billing"),
]
