"""The simulator's data: body, room, act, motion, and rotations."""
