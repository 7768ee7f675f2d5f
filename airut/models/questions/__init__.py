"""What agents ask people, and what they answer."""
