"""The work beside the requests: the schedule does jobs that are due, the deliverer sends events."""
