"""What the reading room (`monitor web`) and the archive (`monitor site`) share: words, views of what is stored, templates, dress."""
