"""What each verb sends to Stripe and how its answer is read: a file for each of Stripe's objects."""
