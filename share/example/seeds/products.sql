INSERT INTO products (name, price, stock) VALUES
    ('Coffee, 1 kg',        1690, 120),
    ('Tea, 250 g',           790, 200),
    ('Mug, blue',            950,  40),
    ('Notebook, dotted',     450, 300),
    ('Pencil, HB',            60, 900),
    ('Umbrella, black',     2450,  15)
ON CONFLICT (name) DO NOTHING;
