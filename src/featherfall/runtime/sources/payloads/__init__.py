"""What apps and devices send, one file each: bytes to packets."""
