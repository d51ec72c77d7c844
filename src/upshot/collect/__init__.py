"""From the outside world to events: files, and the protocols in which programs send what users do."""
