"""The command palette: everything that has a name, found from anywhere by a few letters."""
