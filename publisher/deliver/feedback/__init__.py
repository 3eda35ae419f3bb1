"""What comes back: events, bounces and complaints, and what follows from them."""
