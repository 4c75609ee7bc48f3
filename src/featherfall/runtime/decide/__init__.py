"""What is concluded: events, incidents, posture."""
