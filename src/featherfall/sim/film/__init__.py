"""Rendering: the person, the room, images and films."""
