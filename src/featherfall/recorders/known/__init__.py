"""One file for each program or device whose exports are recognised; each registers itself as a "recorder"."""
