"""What is bought: orders, their lines and their totals."""
