-- Which record of the journal was the last that the tables hold.
ALTER TABLE state ADD COLUMN journal BIGINT DEFAULT 0;
