"""What taxes are charged: calculators, their rules, and the steps that they contribute to an order's refresh."""
