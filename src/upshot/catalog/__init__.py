"""What people declare and decide: metric versions, sources, jobs, access, the audit log. SQLite or PostgreSQL."""
