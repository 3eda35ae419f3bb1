"""How an issue fared: proved, counted, told in words and drawn."""
