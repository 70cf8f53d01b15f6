"""What clients ask of an order, a file for each act."""
