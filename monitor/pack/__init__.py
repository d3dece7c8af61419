"""The source pack: tables of feeds and outlets that come with the program, read by `monitor.packs`."""
