"""The puppet: postures, gait and gestures along smooth curves."""
