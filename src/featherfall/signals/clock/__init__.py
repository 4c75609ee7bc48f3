"""From time stamps as recorded to strictly increasing times: gaps, bursts, rows out of order, clocks that are set or begin anew."""
