"""What can be asked of a workspace: requests, answers, operations, and how they travel."""
