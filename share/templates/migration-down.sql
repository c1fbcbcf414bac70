-- Takes back what up.sql beside it makes.
SELECT 1;
