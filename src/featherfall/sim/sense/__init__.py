"""What is worn and tracked: inertial sensors, their electronics, skeletons."""
