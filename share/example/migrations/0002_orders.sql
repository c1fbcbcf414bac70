CREATE TABLE orders (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint      NOT NULL REFERENCES products (id),
    quantity   integer     NOT NULL CHECK (quantity > 0),
    total      bigint      NOT NULL CHECK (total >= 0),
    status     text        NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'packed')),
    ordered_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_new ON orders (id) WHERE status = 'new';
