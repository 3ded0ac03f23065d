"""Plans, and payments through Stripe.

What a team has       plans (what each gives), caps (refusals at them), models.account, grants (the one writer of it)
What Stripe says      gateway (the one door to Stripe), sync (a look at a customer: rows made equal to its state now),
                      entitlement (from a subscription's status to a plan), inbox (events noted), reconcile (nightly)
What Stripe is asked  services (what people and the operator do), changes (the outbox: each write is a row first)
What time does        tasks (sweeps), grace (days after a failed payment), notices (mails to payers), alerts (mails to
                      operators)
What pages say        standing (plan and payment now), planned (the plan to come), offers (what can be chosen), prices

Who may import whom stands in pyproject.toml, under "Within billing, one way only".
"""
