"""Ground floor: what every other room stands on. NumPy only, quick to import."""
