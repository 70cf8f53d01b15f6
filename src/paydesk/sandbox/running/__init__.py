"""What runs beside the requests: what comes due on the clock, and the delivery of events."""
