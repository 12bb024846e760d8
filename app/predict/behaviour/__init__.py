"""What customers did and which early signs stood, as columns by customer and day."""
