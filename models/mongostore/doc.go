// Package mongostore keeps records in MongoDB: the store of an installation
// with several servers and workers.
//
// Every write changes one document, atomically, and only if its version is
// still the one that was read; so no transaction is needed. A write is
// answered after a majority of the replica set has it, and reads see only such
// writes. The store's clock is the server's (the hello command), so that
// leases do not depend on a node's own clock. A call answers within
// [callTime], whatever has become of the server.
package mongostore
