"""A small made-up web on loopback, to see the whole line work without the internet."""
