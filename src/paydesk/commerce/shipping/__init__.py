"""How goods get to whom they are sold to."""
