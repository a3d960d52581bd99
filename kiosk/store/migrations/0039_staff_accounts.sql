-- Who works here, each with a PIN and a role of their own; nobody is deleted, the journal names them by number.
-- `pin_seal` is the salted scrypt of the PIN; `session_key` changes with whatever ends a person's open sessions.
CREATE TABLE staff (
  person_id   INTEGER PRIMARY KEY AUTOINCREMENT,
  name        TEXT NOT NULL,
  role        TEXT NOT NULL CHECK (role IN ('technician', 'shift', 'manager', 'owner')),
  pin_salt    TEXT NOT NULL,
  pin_seal    TEXT NOT NULL,
  session_key TEXT NOT NULL,
  created_at  TEXT NOT NULL,
  blocked_at  TEXT
) STRICT;
