"""How a source of each kind is polled: one class a kind over the same steps, started by `spiders.watch`."""
