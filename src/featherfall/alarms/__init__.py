"""From notices to alarms that latch, count down, and are acknowledged or cancelled."""
