"""Parts of the store in PostgreSQL; `plainview.store.postgres` joins them."""
