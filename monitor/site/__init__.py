"""The archive: what is stored as a folder of static pages, to be opened from the disk or published on any static host."""
