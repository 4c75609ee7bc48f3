"""The words of the simulator: body, room, act, motion, and the turns between them."""
