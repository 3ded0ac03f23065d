from django.urls import path

from billing import views
from billing.webhooks import stripe_webhook

TEAM = "t/<slug:team>/billing"

urlpatterns = [
    path("", views.landing, name="landing"),
    path(f"{TEAM}/", views.billing, name="billing"),
    path(f"{TEAM}/plan/<slug:plan>/<slug:interval>/", views.billing_plan, name="billing_plan"),
    path(f"{TEAM}/plan/<slug:plan>/<slug:interval>/cost/", views.billing_cost, name="billing_cost"),
    path(f"{TEAM}/change/", views.billing_change, name="billing_change"),
    path(f"{TEAM}/resume/", views.billing_resume, name="billing_resume"),
    path(f"{TEAM}/pay/", views.billing_pay, name="billing_pay"),
    path(f"{TEAM}/portal/", views.billing_portal, name="billing_portal"),
    path(f"{TEAM}/progress/", views.billing_progress, name="billing_progress"),
    path(f"{TEAM}/return/", views.billing_return, name="billing_return"),
    path(f"{TEAM}/refresh/", views.billing_refresh, name="billing_refresh"),
    path(f"{TEAM}/seat/", views.billing_seat_preview, name="billing_seat_preview"),
    path("webhooks/stripe", stripe_webhook, name="stripe_webhook"),
]
