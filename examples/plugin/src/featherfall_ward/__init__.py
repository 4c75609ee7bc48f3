"""An example of a featherfall plugin; each module registers one thing, and is imported when that is used."""
