"""What the samples of a worn sensor say about themselves: gravity and unit, corrupt samples, clipping, repeated values."""
