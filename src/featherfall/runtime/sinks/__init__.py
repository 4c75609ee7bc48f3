"""Where notices and drawn films go."""
