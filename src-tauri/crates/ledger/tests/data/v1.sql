-- A file of version 1: provider and account a used 1000 in October and 300 in November 2026.
CREATE TABLE names (
  who INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  account TEXT NOT NULL,
  UNIQUE (kind, id)
) STRICT;
CREATE TABLE ages (
  who INTEGER NOT NULL,
  month INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  exact INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  PRIMARY KEY (who, month, bucket, exact)
) STRICT, WITHOUT ROWID;
CREATE TABLE plans (
  account TEXT PRIMARY KEY,
  period INTEGER NOT NULL,
  reset_day INTEGER NOT NULL,
  bytes INTEGER,
  used_before INTEGER NOT NULL,
  reserve INTEGER NOT NULL,
  before_since INTEGER NOT NULL,
  since INTEGER NOT NULL,
  expires INTEGER,
  warned INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE periods (
  account TEXT NOT NULL,
  since INTEGER NOT NULL,
  used INTEGER NOT NULL,
  alerted INTEGER NOT NULL,
  ended TEXT,
  PRIMARY KEY (account, since)
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE hours (
  at INTEGER NOT NULL,
  who INTEGER NOT NULL,
  received INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  articles INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  resumed INTEGER NOT NULL,
  rescued INTEGER NOT NULL,
  sibling_checked INTEGER NOT NULL,
  sibling_differed INTEGER NOT NULL,
  busy_ms INTEGER NOT NULL,
  down_ms INTEGER NOT NULL,
  first_byte BLOB,
  PRIMARY KEY (at, who)
) STRICT, WITHOUT ROWID;
CREATE TABLE days (
  at INTEGER NOT NULL,
  who INTEGER NOT NULL,
  received INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  articles INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  resumed INTEGER NOT NULL,
  rescued INTEGER NOT NULL,
  sibling_checked INTEGER NOT NULL,
  sibling_differed INTEGER NOT NULL,
  busy_ms INTEGER NOT NULL,
  down_ms INTEGER NOT NULL,
  first_byte BLOB,
  PRIMARY KEY (at, who)
) STRICT, WITHOUT ROWID;
CREATE TABLE months (
  at INTEGER NOT NULL,
  who INTEGER NOT NULL,
  received INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  articles INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  resumed INTEGER NOT NULL,
  rescued INTEGER NOT NULL,
  sibling_checked INTEGER NOT NULL,
  sibling_differed INTEGER NOT NULL,
  busy_ms INTEGER NOT NULL,
  down_ms INTEGER NOT NULL,
  first_byte BLOB,
  PRIMARY KEY (at, who)
) STRICT, WITHOUT ROWID;
INSERT INTO names VALUES (1, 0, 'a', 'Alpha', 'a'), (2, 1, 'a', 'a', 'a'), (3, 2, 'sabnzbd', 'sabnzbd', '');
INSERT INTO hours VALUES (1793703600, 1, 300, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, X'00000064');
INSERT INTO days VALUES (20261015, 1, 1000, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, X'00000064');
INSERT INTO days VALUES (20261103, 1, 300, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, X'00000064');
INSERT INTO months VALUES (202610, 1, 1000, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, X'00000064');
INSERT INTO months VALUES (202611, 1, 300, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, X'00000064');
INSERT INTO hours VALUES (1793703600, 2, 300, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO days VALUES (20261015, 2, 1000, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO days VALUES (20261103, 2, 300, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO months VALUES (202610, 2, 1000, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO months VALUES (202611, 2, 300, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO hours VALUES (1793703600, 3, 300, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO days VALUES (20261015, 3, 1000, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO days VALUES (20261103, 3, 300, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO months VALUES (202610, 3, 1000, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO months VALUES (202611, 3, 300, 0, 9, 1, 2, 3, 4, 5, 6, 7, 2000, 4000, NULL);
INSERT INTO ages VALUES (1, 202611, 6, 1, 90, 3), (1, 202611, 6, 0, 40, 2);
INSERT INTO plans VALUES ('a', 3, 1, 1000, 0, 0, 20261101, 20261101, 20270301, 14);
INSERT INTO periods VALUES ('a', 20261001, 1000, 100, 'quota exceeded'), ('a', 20261101, 300, 0, NULL);
INSERT INTO meta VALUES ('pruned', 1793703600);
PRAGMA user_version = 1;
