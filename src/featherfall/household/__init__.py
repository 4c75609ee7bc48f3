"""`featherfall watch CONFIG.yaml`: people, their sensors and their alarms, in one process."""
