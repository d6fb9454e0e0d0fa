// Package redischeck finds out whether a Redis server can be used: its mode,
// role and version, the rights of the user, whether it takes writes, and
// whether it evicts keys.
package redischeck
