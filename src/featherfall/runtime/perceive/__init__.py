"""What a moment holds: window probabilities, people."""
