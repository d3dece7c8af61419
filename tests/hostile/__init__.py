"""The hostile web: cases as data, a server that plays them, and scans of everything that is written."""
