"""What people do: daily living, falls, and the physics that takes over when the strings are cut."""
