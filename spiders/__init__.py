"""The middle floor: from a Source to Articles; the only rooms that gather from the network."""
