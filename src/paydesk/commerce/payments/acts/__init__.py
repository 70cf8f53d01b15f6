"""What is asked of gateways about payments, and how their answers are booked: a file for each act."""
