"""What a camera sees: figure, room, pictures, films."""
