"""What runs without being asked while a server runs."""
