CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO notes VALUES (1, 'from the migration');
