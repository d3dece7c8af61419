"""The digest: records, their making, and the shapes in which they are shown."""
