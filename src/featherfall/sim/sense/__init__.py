"""Simulated sensors: worn inertial sensors with their electronics, and tracked skeletons."""
