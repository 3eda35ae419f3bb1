"""People: who reads, what they agreed to, and how they come and go."""
