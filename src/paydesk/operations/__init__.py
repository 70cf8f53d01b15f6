"""What an operator does, without screen or exit: commands draw what is returned here."""
