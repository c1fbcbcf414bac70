-- The first step of the tables. What was applied once is never edited: the next
-- change is a file of its own.
--   CREATE TABLE customers (id BIGINT PRIMARY KEY, name TEXT NOT NULL);
SELECT 1;
