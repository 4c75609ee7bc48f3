"""Who is who over time."""
