"""One typed operation for each thing a user can do, called alike by the command line, the pages and the API."""
