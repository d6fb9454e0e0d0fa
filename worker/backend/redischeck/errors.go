package redischeck

import "strings"

// denied reports whether Redis refused a command because of the user's rights.
// EXEC wraps that in an error of its own.
func denied(err error) bool { return strings.Contains(err.Error(), "NOPERM") }

// unknown reports whether Redis does not know a command: it is too old, or the
// command was renamed or switched off.
func unknown(err error) bool {
	return strings.Contains(strings.ToLower(err.Error()), "unknown command")
}

// states are the errors with which a Redis refuses commands because of its own
// state, and what they mean.
var states = []struct{ prefix, words string }{
	{"READONLY", "this Redis is a read-only replica; use the address of its primary"},
	{"OOM", "this Redis is out of memory (maxmemory): it takes no writes"},
	{"MISCONF", "this Redis takes no writes, because it cannot save to its disk (MISCONF)"},
	{"NOREPLICAS", "this Redis takes no writes, because too few replicas are connected (min-replicas-to-write)"},
	{"MASTERDOWN", "this Redis is a replica that has lost its primary"},
	{"LOADING", "this Redis is still loading its data"},
	{"CLUSTERDOWN", "this is a node of a Redis Cluster, which is not supported yet; use a Redis that is no cluster"},
	{"MOVED", "this is a node of a Redis Cluster, which is not supported yet; use a Redis that is no cluster"},
	{"CROSSSLOT", "this is a Redis Cluster, which is not supported yet; use a Redis that is no cluster"},
}

// stateOf returns what an error says about the state of Redis, or "".
func stateOf(err error) string {
	for _, s := range states {
		if strings.HasPrefix(err.Error(), s.prefix) {
			return s.words
		}
	}
	return ""
}

// plain returns what Redis itself wrote, without the class of the error.
func plain(err error) string { return strings.TrimPrefix(err.Error(), "ERR ") }
