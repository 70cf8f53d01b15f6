"""What paydesk asks of any payment gateway, and the values it gets back: see `gateway`."""
