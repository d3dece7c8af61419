"""The ground floor: what we keep, and how two of them are told apart.

Importing a record from `storage.items` must not load a database driver, so nothing is imported here.
"""
