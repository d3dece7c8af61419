"""`monitor run`: the work that is due (`work`), crawls as children (`child`), upkeep (`duties`), and the shell round them (`shell`)."""
