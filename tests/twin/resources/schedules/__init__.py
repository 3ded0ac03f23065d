"""Subscription schedules: changes of a subscription that wait for their day."""
