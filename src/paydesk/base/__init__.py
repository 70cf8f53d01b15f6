"""Words that every room may use: who acts, what went wrong, when, how much. They import nothing but each other."""
