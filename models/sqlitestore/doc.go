// Package sqlitestore keeps records in one SQLite file: the store of an
// installation that runs on a single machine.
//
// One process has the file at a time. A second one is refused at [Open] (a
// lock file beside the database, released by the system when its holder dies),
// because the design is one process per data folder, not because SQLite would
// lose anything. The store's clock is the process's.
//
// A write is answered after it was synced to disk: write-ahead log, with
// synchronous=FULL. All writes go through one connection, one after another;
// readers have connections of their own and never wait for a writer.
package sqlitestore
