"""What an operator is told of payments: found by what a customer can say, in words, and in lists."""
