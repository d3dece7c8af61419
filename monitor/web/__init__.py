"""The reading room: what is stored, live in a browser on this machine; and the same as JSON. Only `monitor web` imports it."""
