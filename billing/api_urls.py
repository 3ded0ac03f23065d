from django.urls import path

from billing import api

urlpatterns = [
    path("team", api.TeamDetail.as_view(), name="api_team"),
    path("billing", api.BillingDetail.as_view(), name="api_billing"),
    path("billing/invoices", api.InvoiceList.as_view(), name="api_billing_invoices"),
]
