"""Activities of daily living, falls, and the physics that takes over when a fall begins."""
