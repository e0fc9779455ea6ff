"""What a class's grading leaves behind: append-only rows, and blobs by their digest.

* `tables` is the schema; `migrations` brings any older store to it (Alembic).
* `blobs` keeps zips and result sheets as files that are named by their digest.
* `queries` and `decision_rows` speak SQL, within a transaction of the store.
* `store` opens a store (SQLite in the results folder, or PostgreSQL by URL) and is the only
  module that writes to it.

No row is ever changed or taken away; triggers of the database see to it. What holds now is the
newest row; how it came about is all there: digest of the zip, versions of assignment, code and
bundle, seed, device, who decided what and when.
"""
