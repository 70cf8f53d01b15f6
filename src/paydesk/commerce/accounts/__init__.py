"""Who sells, who buys, and where."""
