-- Whether a trait was said to hold only where none was said for an earlier instant.
ALTER TABLE unit_properties ADD COLUMN once BOOLEAN DEFAULT false;
